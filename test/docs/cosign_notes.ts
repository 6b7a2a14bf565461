/** What is to be said of cosign's commands and flags where "same" does not say it. */

/** What became of a command or flag here, and why. */
export interface Note {
  readonly is: "same" | "better" | "no effect" | "not here";
  readonly why?: string;
}

/** By the command's name. */
export const COMMAND_NOTES: Readonly<Record<string, Note>> = {
  "attach sbom": {
    is: "not here",
    why: "attached so it is signed by nobody; `attest --type spdxjson`",
  },
  "clean": {
    is: "better",
    why: "bundles too, by key or age, `--dry-run`; prunes the list of referrers",
  },
  "copy": { is: "better", why: "with bundles and all other referrers, which cosign loses" },
  "debug providers": { is: "not here", why: "tells of cosign's own insides" },
  "dockerfile verify": { is: "better", why: "sees bundles; stages by number, `RUN --mount=from`" },
  "env": { is: "same", why: "byte for byte" },
  "load": { is: "better", why: "several bundles; keeps the signatures that are there" },
  "login": { is: "better", why: "credentials are kept only if the registry takes them" },
  "manifest verify": {
    is: "better",
    why: "sees bundles; Lists, ephemeral containers, image volumes",
  },
  "save": { is: "better", why: "an index with all that belongs to its images" },
  "sign": { is: "better", why: "signs once; no signature lost among several signers" },
  "tree": { is: "better", why: "in one order, with what refers to referrers" },
  "verify": { is: "better", why: "see above; `--recursive`, several keys with `--require`" },
  "verify-attestation": {
    is: "better",
    why: "every image is tried; several keys with `--require`",
  },
  "verify-blob": { is: "better", why: "an attestation is no signature; several keys" },
  "version": { is: "same", why: "its own version" },
};

const KEYCHAIN: Note = {
  is: "no effect",
  why: "docker's configuration and its helpers are always read",
};
const FORMATS: Note = { is: "no effect", why: "both formats, in both places, are always read" };
const ALWAYS_OFFLINE: Note = { is: "no effect", why: "no log is asked in any case" };

const ONE_FILE: Note = { is: "no effect", why: "there is but one file" };
const UNVERIFIED: Note = {
  is: "no effect",
  why: "a warning says so: the services' answers are checked, and not by it; verify afterwards",
};
const NEW_CERTIFICATE: Note = {
  is: "no effect",
  why: "without a key there always is one; with a key it is refused",
};
const BESIDE_SIGNATURE: Note = { is: "not here", why: "it is refused; attach a bundle instead" };
const UNSIGNED_SBOM: Note = { is: "not here", why: "see the command" };

/** By `--flag`, or by `command --flag` where one command differs. */
export const FLAG_NOTES: Readonly<Record<string, Note>> = {
  "--timeout": { is: "better", why: "no limit unless told: each exchange has its own" },
  "--verbose": {
    is: "same",
    why: "a line an exchange, without headers and bodies, which may be secret",
  },
  "--k8s-keychain": KEYCHAIN,
  "--experimental-oci11": FORMATS,
  "tree --experimental-oci11": { is: "same" },
  "--new-bundle-format": { is: "same", why: "where it reads, both formats are always read" },
  "--offline": ALWAYS_OFFLINE,
  "--private-infrastructure": ALWAYS_OFFLINE,
  "--insecure-ignore-tlog": { is: "same", why: "with a key alone the log is not checked anyway" },
  "--key": {
    is: "same",
    why: "a file, `https://`, `env://` or `k8s://`; where it verifies, several",
  },
  "--allow-certificate-chain": {
    is: "no effect",
    why: "certificates beside the signer's are never used: issuers are read from the trusted root",
  },
  "--max-workers": { is: "same" },
  "verify-blob --max-workers": ONE_FILE,
  "verify-blob-attestation --max-workers": ONE_FILE,
  "sign --trusted-root": UNVERIFIED,
  "sign-blob --trusted-root": UNVERIFIED,
  "attest --trusted-root": UNVERIFIED,
  "attest-blob --trusted-root": UNVERIFIED,
  "sign --issue-certificate": NEW_CERTIFICATE,
  "attest --issue-certificate": NEW_CERTIFICATE,
  "attest --rekor-entry-type": {
    is: "no effect",
    why: "the log's version decides it, as in cosign",
  },
  "verify-attestation --policy": {
    is: "not here",
    why: "CUE and Rego are refused by name; pipe the output to their own tools",
  },
  "attach signature --tsr": BESIDE_SIGNATURE,
  "attach signature --rekor-response": BESIDE_SIGNATURE,
  "attach sbom --sbom": UNSIGNED_SBOM,
  "attach sbom --type": UNSIGNED_SBOM,
  "attach sbom --input-format": UNSIGNED_SBOM,
  "attach sbom --registry-referrers-mode": UNSIGNED_SBOM,
  "tree --registry-referrers-mode": { is: "same" },
  "copy --sig-only": { is: "same" },
  "sign-blob --output": { is: "same" },
  "sign-blob --output-certificate": { is: "same" },
  "sign-blob --rfc3161-timestamp": { is: "same" },
  "--oidc-client-secret-file": { is: "same" },
  "--oidc-redirect-url": { is: "same" },
  "--timestamp-client-cacert": { is: "same" },
  "--timestamp-client-cert": { is: "same" },
  "--timestamp-client-key": { is: "same" },
  "--timestamp-server-name": { is: "same" },
};

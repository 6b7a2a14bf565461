const WANTED = "name the services that are wanted, and not the others";
const WITHIN = "say it within --ctfe, --fulcio, --rekor or --tsa";

/**
 * Flags of cosign's that are not here, with what to do instead. They are named so that nobody is left
 * to guess, and docs/cosign.md gives the same reasons.
 */
export const REFUSED_FLAGS: Readonly<Record<string, string>> = {
  "sk": "hardware keys are not supported; sign there with cosign, and the result verifies here",
  "slot": "hardware keys are not supported; sign there with cosign, and the result verifies here",
  "kms": "keys in key services are not supported; keep the key in a file or a Kubernetes secret",
  "ca-roots": "authorities are read from a trusted root; name it with --trusted-root",
  "ca-intermediates": "authorities are read from a trusted root; name it with --trusted-root",
  "certificate": "the certificate is read from beside the signature, where it was signed",
  "certificate-chain": "authorities are read from a trusted root; name it with --trusted-root",
  "timestamp-certificate-chain":
    "timestamp authorities are read from a trusted root; name it with --trusted-root",
  "rfc3161-timestamp": "timestamps are read from bundles; make one with bundle create",
  "rfc3161-timestamp-bundle": "timestamps are written into bundles; name a file with --bundle",
  "rekor-url": "no log is asked; what proves its entry lies beside the signature",
  "local-image": "these files name images in registries; see verify --local-image",
  "signature-digest-algorithm": "of files the hashes that fit the key are tried",
  "insecure-skip-verify": "what certificate logs promise is always looked at when a bundle is read",
  "issue-certificate": "to sign without --key is to ask for a certificate",
  "output-certificate": "the certificate is in the bundle; name a file with --bundle",
  "rekor-entry-type": "the log's version decides it",
  "signing-algorithm": "without a key it is ECDSA P-256; with one, the key decides",
  "no-default-ctfe": WANTED,
  "no-default-fulcio": WANTED,
  "no-default-oidc": WANTED,
  "no-default-rekor": WANTED,
  "no-default-tsa": WANTED,
  "ctfe-end-time": WITHIN,
  "ctfe-key": WITHIN,
  "ctfe-start-time": WITHIN,
  "ctfe-url": WITHIN,
  "fulcio-uri": WITHIN,
  "rekor-end-time": WITHIN,
  "rekor-key": WITHIN,
  "rekor-start-time": WITHIN,
  "timestamp-uri": WITHIN,
};

import type { Task } from "./task.ts";

// Options differ from task to task; each takes its own back.
// deno-lint-ignore no-explicit-any
export type AnyTask = Task<any>;

/** The tasks by what is typed, each loaded only when it is run. */
export const TASKS: Readonly<Record<string, () => Promise<{ readonly task: AnyTask }>>> = {
  "sign-tags": () => import("../sign_tags.ts"),
  "verify-fleet": () => import("../verify_fleet.ts"),
  "sign": () => import("../sign.ts"),
  "verify": () => import("../verify.ts"),
  "attest": () => import("../attest.ts"),
  "verify-attestation": () => import("../verify_attestation.ts"),
  "download signature": () => import("../download_signature.ts"),
  "download attestation": () => import("../download_attestation.ts"),
  "download sbom": () => import("../download_sbom.ts"),
  "attach signature": () => import("../attach_signature.ts"),
  "attach attestation": () => import("../attach_attestation.ts"),
  "attach sbom": () => import("../attach_sbom.ts"),
  "sign-blob": () => import("../sign_blob.ts"),
  "verify-blob": () => import("../verify_blob.ts"),
  "attest-blob": () => import("../attest_blob.ts"),
  "verify-blob-attestation": () => import("../verify_blob_attestation.ts"),
  "sign-files": () => import("../sign_files.ts"),
  "verify-files": () => import("../verify_files.ts"),
  "bundle inspect": () => import("../bundle_inspect.ts"),
  "bundle create": () => import("../bundle_create.ts"),
  "bundle upgrade": () => import("../bundle_upgrade.ts"),
  "initialize": () => import("../initialize.ts"),
  "trusted-root create": () => import("../trusted_root_create.ts"),
  "signing-config create": () => import("../signing_config_create.ts"),
  "upload blob": () => import("../upload_blob.ts"),
  "upload wasm": () => import("../upload_wasm.ts"),
  "copy": () => import("../copy.ts"),
  "tree": () => import("../tree.ts"),
  "clean": () => import("../clean.ts"),
  "save": () => import("../save.ts"),
  "load": () => import("../load.ts"),
  "manifest verify": () => import("../manifest_verify.ts"),
  "dockerfile verify": () => import("../dockerfile_verify.ts"),
  "triangulate": () => import("../triangulate.ts"),
  "generate": () => import("../generate.ts"),
  "generate-key-pair": () => import("../generate_key_pair.ts"),
  "import-key-pair": () => import("../import_key_pair.ts"),
  "public-key": () => import("../public_key.ts"),
  "login": () => import("../login.ts"),
  "env": () => import("../env.ts"),
  "version": () => import("../version.ts"),
  "completion": () => import("../completion.ts"),
  "demo": () => import("../demo.ts"),
};

/** The task that the first word or two name, and the words after them. */
export function findTask(words: readonly string[]):
  | { readonly load: () => Promise<{ readonly task: AnyTask }>; readonly argv: readonly string[] }
  | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const load = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
    if (load !== undefined && words.length >= length) return { load, argv: words.slice(length) };
  }
  return undefined;
}

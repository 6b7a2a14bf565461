/**
 * sigfleet: sign and verify container images as cosign does, for whole repositories and fleets.
 *
 * The typed core for scripts of your own: names are exported in the order in which data flows, from
 * references over registries, keys and signatures to verdicts, fleets and reports.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { openRegistries, parsePublicKey, parseTarget, verifyFleet } from "sigfleet";
 *
 * const remote = openRegistries({ env: process.env });
 * const key = parsePublicKey(await readFile("cosign.pub", "utf8"));
 * const policy = { keys: [{ name: "cosign.pub", key }], annotations: {} };
 * const targets = [parseTarget("registry.example/team/app")];
 * for await (const { image, verdict } of verifyFleet(remote, targets, { policy, limit: 32 })) {
 *   console.log(image, verdict.kind);
 * }
 * await remote.close();
 * ```
 *
 * @module
 */

export { type Clock, systemClock } from "./lib/base/clock.ts";
export { diskFiles } from "./lib/base/disk.ts";
export { type ErrorCode, MalformedError, UsageError } from "./lib/base/errors.ts";
export {
  type EntryKind,
  FileError,
  type FileFailure,
  type Files,
  type FolderEntry,
  type Look,
} from "./lib/base/files.ts";
export type { TlsOptions } from "./lib/base/http.ts";
export { pooled, type PoolOptions } from "./lib/base/pool.ts";
export { VERSION } from "./lib/base/version.ts";

export { type Digest, digestOf, DigestSyntaxError, parseDigest } from "./lib/reference/digest.ts";
export {
  formatReference,
  formatRepository,
  parseReference,
  parseRepository,
  type Reference,
  ReferenceSyntaxError,
  type Repository,
} from "./lib/reference/reference.ts";
export { attachmentTag, isAttachmentTag, referrersTag } from "./lib/reference/triangulate.ts";

export {
  type Credentials,
  CredentialsError,
  type CredentialSource,
  dockerCredentials,
} from "./lib/registry/credentials.ts";
export { fetchBlob } from "./lib/registry/fetch_blob.ts";
export { type FetchedManifest, fetchManifest } from "./lib/registry/fetch_manifest.ts";
export { listReferrers, type Referrers } from "./lib/registry/list_referrers.ts";
export { listRepositories } from "./lib/registry/list_repositories.ts";
export { listTags } from "./lib/registry/list_tags.ts";
export type { Descriptor, Manifest } from "./lib/registry/manifest.ts";
export { createMemoryRegistry, type MemoryRegistry } from "./lib/registry/memory.ts";
export {
  openRegistries,
  type Registries,
  type RegistriesOptions,
} from "./lib/registry/open_registries.ts";
export { deleteManifest } from "./lib/registry/delete_manifest.ts";
export { copyManifest, type Place } from "./lib/registry/copy_manifest.ts";
export { createLayout, type NewLayout } from "./lib/registry/create_layout.ts";
export { LayoutError } from "./lib/registry/layout_files.ts";
export { type Layout, type LayoutOptions, openLayout } from "./lib/registry/open_layout.ts";
export { putBlob } from "./lib/registry/put_blob.ts";
export { putManifest } from "./lib/registry/put_manifest.ts";
export { RegistryError, type RegistryFailure } from "./lib/registry/registry_error.ts";
export type { Remote } from "./lib/registry/remote.ts";
export { resolveDigest, type ResolvedManifest } from "./lib/registry/resolve_digest.ts";
export type { RetryPolicy } from "./lib/registry/retry.ts";
export { type RegistryServer, serveRegistry } from "./lib/registry/serve.ts";

export { generateKeyPair } from "./lib/keys/generate_key_pair.ts";
export { KeyError, PasswordError } from "./lib/keys/key_error.ts";
export { parsePrivateKey, type PrivateKey } from "./lib/keys/private_key.ts";
export { parsePublicKey, type PublicKey } from "./lib/keys/public_key.ts";
export { openSealedKey, sealKey } from "./lib/keys/sealed_key.ts";
export { verifySignature } from "./lib/keys/verify_signature.ts";

export { type Annotations, buildClaim, type Claim, parseClaim } from "./lib/signature/claim.ts";
export { type Attested, buildAttestationStatement } from "./lib/signature/attestation_statement.ts";
export { type Envelope, parseEnvelope, preAuthEncoding } from "./lib/signature/dsse.ts";
export { buildPredicate } from "./lib/signature/predicate.ts";
export { parsePredicateType, PREDICATE_TYPES } from "./lib/signature/predicate_type.ts";
export { copyImage } from "./lib/signature/copy_image.ts";
export {
  type AttachmentNode,
  type AttachmentTree,
  readAttachmentTree,
} from "./lib/signature/attachment_tree.ts";
export {
  type Attachment,
  type Attachments,
  type AttachmentSearch,
  listAttachments,
} from "./lib/signature/list_attachments.ts";
export { planRemovals } from "./lib/signature/plan_removals.ts";
export type { Kept, RemovalChoice, RemovalPlan, RemovalType } from "./lib/signature/removal.ts";
export {
  nameRemovals,
  type RemovalOutcome,
  removeAttachments,
} from "./lib/signature/remove_attachments.ts";
export { loadImage, type LoadImageOptions } from "./lib/signature/load_image.ts";
export { type SavedImageOptions, saveImage } from "./lib/signature/save_image.ts";
export type { SignatureFormat } from "./lib/signature/signature_format.ts";
export {
  buildSignStatement,
  parseStatement,
  SIGN_PREDICATE_TYPE,
  type Statement,
} from "./lib/signature/statement.ts";
export { parseSignatureRepositories } from "./lib/signature/signature_repositories.ts";
export { signatureRepository, type StoreOptions } from "./lib/signature/store.ts";

export { embeddedRepository, PUBLIC_MIRROR } from "./lib/trust/embedded.ts";
export { TrustError } from "./lib/trust/trust_error.ts";
export { fetchTargets, type GetFile, type TufOptions } from "./lib/trust/tuf.ts";

export { ambientToken } from "./lib/sign/ambient_token.ts";
export { type Attestation, attestDigest, type AttestOptions } from "./lib/sign/attest_digest.ts";
export {
  type ConnectedServices,
  type ConnectOptions,
  connectServices,
} from "./lib/sign/connect_services.ts";
export {
  IdentityError,
  type IdentityToken,
  parseIdentityToken,
  type TokenSource,
} from "./lib/sign/identity_token.ts";
export { keySigner } from "./lib/sign/key_signer.ts";
export { openSigner, type SignerOptions } from "./lib/sign/open_signer.ts";
export { type SelectedServices, selectServices } from "./lib/sign/select_services.ts";
export { ServiceError } from "./lib/sign/service_error.ts";
export { signBlob, type SignedBlob } from "./lib/sign/sign_blob.ts";
export { signDigest } from "./lib/sign/sign_digest.ts";
export type { Content, ContentSigner, Signed } from "./lib/sign/signer.ts";
export { parseSigningConfig, type SigningConfig } from "./lib/sign/signing_config.ts";
export type { SignOptions, SignOutcome, SignOutcomes } from "./lib/sign/signing_job.ts";

export type { TextMatch, TrustedIdentity } from "./lib/verify/check_identity.ts";
export { type Reason, REASON_CODES, type ReasonCode } from "./lib/verify/reason.ts";
export type { SignaturePolicy, TrustedKey } from "./lib/verify/signature_policy.ts";
export type { TrustPolicy } from "./lib/verify/trust_policy.ts";
export {
  parseTrustedRoot,
  type TrustedAuthority,
  type TrustedLog,
  type TrustedRoot,
} from "./lib/verify/trusted_root.ts";
export type {
  Check,
  Evidence,
  SignatureProof,
  SignatureResult,
  Signer,
  Verdict,
  VerdictKind,
} from "./lib/verify/verdict.ts";
export {
  verifyAttestation,
  type VerifyAttestationOptions,
} from "./lib/verify/verify_attestation.ts";
export { verifyDigest, type VerifyOptions } from "./lib/verify/verify_digest.ts";
export { type GivenSignature, verifyGiven } from "./lib/verify/verify_given.ts";
export { verifyImage } from "./lib/verify/verify_image.ts";
export { verifyLayout } from "./lib/verify/verify_layout.ts";

export { compileFilter, type NameFilter } from "./lib/policy/glob.ts";
export { exactText, expressionText } from "./lib/policy/match_text.ts";
export { compilePathFilter } from "./lib/policy/path_glob.ts";

export {
  type DockerfileImages,
  dockerfileImages,
  type DockerfileOptions,
} from "./lib/fleet/dockerfile_images.ts";
export type { FleetResult } from "./lib/fleet/fleet_result.ts";
export { type FleetImage, type InventoryItem, listImages } from "./lib/fleet/inventory.ts";
export {
  type FileItem,
  type FileSource,
  listFiles,
  type ListFilesOptions,
} from "./lib/fleet/list_files.ts";
export type { FilePlace } from "./lib/fleet/locate_file.ts";
export { formatLock, type LockEntry, parseLock } from "./lib/fleet/lock_file.ts";
export { type ManifestImage, manifestImages } from "./lib/fleet/manifest_images.ts";
export { type FileLock, readLock } from "./lib/fleet/read_lock.ts";
export { type SignedFile, signFile, type SignFileOptions } from "./lib/fleet/sign_file.ts";
export { signFiles, type SignFilesOptions } from "./lib/fleet/sign_files.ts";
export { type SignedTag, signTags, type SignTagsOptions } from "./lib/fleet/sign_tags.ts";
export { parseTarget, parseTargetLine, type Target } from "./lib/fleet/target.ts";
export { verifyFile } from "./lib/fleet/verify_file.ts";
export { verifyFiles, type VerifyFilesOptions } from "./lib/fleet/verify_files.ts";
export { verifyFleet, type VerifyFleetOptions } from "./lib/fleet/verify_fleet.ts";
export { type LockDraft, type LockOptions, startLock } from "./lib/fleet/write_lock.ts";

export { openFileReport } from "./lib/report/file_report.ts";
export { openReport, type ReportFormat } from "./lib/report/open_report.ts";
export type { ReportSink, ReportWriter, RunEnd, RunStart } from "./lib/report/report.ts";
export { countVerdict, exitCode, noVerdicts, type Summary } from "./lib/report/summary.ts";

import { systemClock } from "../lib/base/clock.ts";
import { encodeText } from "../lib/base/bytes.ts";
import { pooled } from "../lib/base/pool.ts";
import type { PrivateKey } from "../lib/keys/private_key.ts";
import { formatReference, parseRepository } from "../lib/reference/reference.ts";
import { MEDIA_TYPES } from "../lib/registry/manifest.ts";
import { putBlob } from "../lib/registry/put_blob.ts";
import { putManifest } from "../lib/registry/put_manifest.ts";
import type { Remote } from "../lib/registry/remote.ts";
import { signDigest } from "../lib/sign/sign_digest.ts";
import type { SignatureFormat } from "../lib/signature/signature_format.ts";

/** Images pushed and signed at a time. */
const WORKERS = 16;

/**
 * Push small images that differ in an annotation, and sign each, in the legacy form unless told.
 *
 * @returns their references, by tag
 */
export async function pushSigned(
  remote: Remote,
  name: string,
  images: number,
  key: PrivateKey,
  format: SignatureFormat = "legacy",
): Promise<readonly string[]> {
  const repository = parseRepository(name);
  const config = encodeText('{"architecture":"amd64","os":"linux"}');
  const configDigest = await putBlob(remote, repository, config);
  const pushOne = async (number: number): Promise<string> => {
    const tag = `v${String(number).padStart(6, "0")}`;
    const bytes = encodeText(JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: { mediaType: MEDIA_TYPES.ociConfig, size: config.length, digest: configDigest },
      layers: [],
      annotations: { number: tag },
    }));
    const { digest } = await putManifest(remote, repository, {
      bytes,
      mediaType: MEDIA_TYPES.ociManifest,
      tag,
    });
    const subject = { digest, mediaType: MEDIA_TYPES.ociManifest, size: bytes.length };
    await signDigest(remote, repository, subject, {
      key,
      annotations: {},
      formats: [format],
      // Nothing is there yet.
      tags: new Set(),
      clock: systemClock,
      random: Math.random,
    });
    return formatReference({ repository, tag });
  };
  const references: string[] = [];
  const numbers = Array.from({ length: images }, (_, index) => index);
  for await (const reference of pooled(numbers, pushOne, { limit: WORKERS })) {
    references.push(reference);
  }
  return references;
}

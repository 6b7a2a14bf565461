import { parseContents } from "../registry/manifest.ts";

/** The annotation that says when an artefact was made (OCI image spec 1.1, "Annotations"). */
export const CREATED_ANNOTATION = "org.opencontainers.image.created";

/**
 * Read when something was made; `undefined` where it does not say. Go's zero time, and the epoch that
 * reproducible builds write, say nothing.
 *
 * @returns milliseconds since 1970
 */
export function parseCreated(text: string | undefined): number | undefined {
  const time = text === undefined ? NaN : Date.parse(text);
  return time > 0 ? time : undefined;
}

/**
 * When a manifest says that it was made, in milliseconds since 1970.
 *
 * @throws {MalformedError} if it is no manifest
 */
export function manifestCreated(manifest: Uint8Array): number | undefined {
  return parseCreated(parseContents(manifest).annotations?.[CREATED_ANNOTATION]);
}

/** What goes in and out of the embedded registry, and the forms of its answers. */

import { encodeText } from "../base/bytes.ts";

/** A request to the embedded registry, whatever brought it. */
export interface MemoryRequest {
  readonly method: string;
  /** A path with its query, or a whole URL. */
  readonly url: string | URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Its answer; header names are in lower case, as those that `lib/base/http.ts` reads. */
export interface MemoryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /**
   * How the server is to break the exchange instead of completing it; set by faults only. `reset`
   * cuts the connection without an answer, `stall` never answers, `truncate` cuts it in mid body.
   */
  readonly wire?: "reset" | "stall" | "truncate";
}

/** The error codes of the OCI distribution spec 1.1, "Error Codes", and the project's own for `n`. */
export type RegistryErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "PAGINATION_NUMBER_INVALID"
  | "SIZE_INVALID"
  | "TAG_INVALID"
  | "UNAUTHORIZED"
  | "UNSUPPORTED";

const NOTHING = new Uint8Array();

/** An answer with its length; every other form is built on it. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array = NOTHING,
): MemoryAnswer {
  return {
    status,
    // 204 must not carry a length (RFC 9110 §8.6).
    headers: status === 204 ? headers : { ...headers, "content-length": String(body.length) },
    body,
  };
}

/** An answer in JSON. */
export function answerJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): MemoryAnswer {
  const body = encodeText(JSON.stringify(value));
  return answer(status, { "content-type": "application/json", ...headers }, body);
}

/** An error in the spec's form: `{"errors": [{"code", "message"}]}`. */
export function refuse(
  status: number,
  code: RegistryErrorCode,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): MemoryAnswer {
  return answerJson(status, { errors: [{ code, message }] }, headers);
}

/** What the distribution project's router says to a path that it does not know. */
export function pageNotFound(): MemoryAnswer {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return answer(404, headers, encodeText("404 page not found\n"));
}

/** The endpoint exists, the method on it does not. */
export function methodNotAllowed(): MemoryAnswer {
  return refuse(405, "UNSUPPORTED", "the operation is unsupported");
}

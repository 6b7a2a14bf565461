import * as v from "valibot";
import { decodeText } from "./bytes.ts";
import { MalformedError, messageOf } from "./errors.ts";

/**
 * Parse JSON from outside and check its shape.
 *
 * @param what names the thing in the error: "manifest sha256:…"
 * @throws {MalformedError} if it is not UTF-8, not JSON, or not of the schema's shape
 */
export function parseJson<const Schema extends v.GenericSchema>(
  what: string,
  bytes: Uint8Array,
  schema: Schema,
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(decodeText(bytes));
  } catch (error) {
    throw new MalformedError(what, messageOf(error).slice(0, 200), { cause: error });
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const path = v.getDotPath(result.issues[0]) ?? "the document";
  throw new MalformedError(what, `${path}: ${result.issues[0].message.slice(0, 200)}`);
}

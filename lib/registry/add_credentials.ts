import * as v from "valibot";
import { decodeText, encodeBase64, encodeText } from "../base/bytes.ts";
import { CredentialsError, isKeyOf, serverKey } from "./credentials.ts";

const ConfigSchema = v.looseObject({ auths: v.nullish(v.record(v.string(), v.unknown()), {}) });

/**
 * Docker's configuration with credentials for a registry in it, in docker's own form. Whatever else the
 * file holds stays; other spellings of the same registry go, since what they hold is older.
 *
 * @param credentials absent where a helper keeps them: docker then leaves an empty entry
 * @throws {CredentialsError} if the file is not of docker's form; the message quotes nothing of it
 */
export function addCredentials(
  path: string,
  bytes: Uint8Array,
  registry: string,
  credentials?: { readonly username: string; readonly password: string },
): string {
  let config: v.InferOutput<typeof ConfigSchema>;
  try {
    config = v.parse(ConfigSchema, bytes.length === 0 ? {} : JSON.parse(decodeText(bytes)));
  } catch {
    throw new CredentialsError(`Cannot write ${path}: what it holds is not of docker's form`);
  }
  const others = Object.entries(config.auths ?? {}).filter(([key]) => !isKeyOf(key, registry));
  const pair = credentials && `${credentials.username}:${credentials.password}`;
  const entry = pair === undefined ? {} : { auth: encodeBase64(encodeText(pair)) };
  const auths = [...others, [serverKey(registry), entry] as const]
    .sort(([one], [other]) => one < other ? -1 : 1);
  return JSON.stringify({ ...config, auths: Object.fromEntries(auths) }, null, "\t");
}

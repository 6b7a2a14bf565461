import type { PrivateKey } from "../keys/private_key.ts";
import { buildKeyBundle } from "../signature/bundle.ts";
import { preAuthEncoding } from "../signature/dsse.ts";
import { INTOTO_PAYLOAD_TYPE } from "../signature/statement.ts";

/** Sign an in-toto statement, and put both into a Sigstore bundle. */
export async function signStatement(key: PrivateKey, statement: Uint8Array): Promise<Uint8Array> {
  const signature = await key.sign(preAuthEncoding(INTOTO_PAYLOAD_TYPE, statement));
  return buildKeyBundle(statement, signature, key.publicKey.hint);
}

import type { PrivateKey } from "../keys/private_key.ts";
import { buildStatementBundle } from "../signature/bundle.ts";
import { INTOTO_PAYLOAD_TYPE } from "../signature/statement.ts";
import { toSigner } from "./key_signer.ts";
import type { ContentSigner, Signed } from "./signer.ts";

/** A signed statement in each form that it is stored in. */
export interface SignedStatement extends Signed {
  readonly statement: Uint8Array;
}

/**
 * Sign an in-toto statement in an envelope.
 *
 * @throws as {@link ContentSigner.sign}
 */
export async function signStatement(
  signer: PrivateKey | ContentSigner,
  statement: Uint8Array,
): Promise<SignedStatement> {
  const signed = await toSigner(signer).sign({
    kind: "envelope",
    payloadType: INTOTO_PAYLOAD_TYPE,
    payload: statement,
  });
  return { ...signed, statement };
}

/** The Sigstore bundle of a signed statement. */
export function statementBundle({ statement, signature, material }: SignedStatement): Uint8Array {
  return buildStatementBundle(statement, signature, material);
}

import type { SignatureFormat } from "../signature/signature_format.ts";
import type { ProvenSigner } from "./prove_signer.ts";
import type { Reason } from "./reason.ts";
import type { Check, SignatureResult, Signer } from "./verdict.ts";

/** What became of a signature that is not accepted, with what was proven of it even so. */
export function refuseSignature(
  format: SignatureFormat,
  reason: Reason,
  { signer, alsoBy, checks = [] }: {
    readonly signer?: Signer | undefined;
    readonly alsoBy?: readonly Signer[] | undefined;
    readonly checks?: readonly Check[];
  } = {},
): SignatureResult {
  return {
    format,
    verified: false,
    ...(signer === undefined ? {} : { signer }),
    ...(alsoBy === undefined ? {} : { alsoBy }),
    checks,
    reasons: [reason],
  };
}

/** What became of a signature that is accepted; `signed` is what it says, byte for byte. */
export function acceptSignature(
  format: SignatureFormat,
  { signer, alsoBy, checks, proof }: Omit<ProvenSigner, "reason">,
  signed?: Uint8Array,
): SignatureResult {
  return {
    format,
    verified: true,
    signer,
    ...(alsoBy === undefined ? {} : { alsoBy }),
    checks,
    reasons: [],
    ...(signed === undefined ? {} : { signed }),
    ...(proof === undefined ? {} : { proof }),
  };
}

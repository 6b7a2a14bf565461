import { encodeBase64 } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";
import type { Content, ContentSigner, Signed } from "./signer.ts";

/** Tell content apart; a file's is not known before it is read. */
function nameOf(content: Content): string | undefined {
  switch (content.kind) {
    case "envelope":
      return `${content.payloadType} ${encodeBase64(sha256(content.payload))}`;
    case "payload":
      return encodeBase64(sha256(content.bytes));
    case "file":
      return undefined;
    default:
      return content satisfies never;
  }
}

/**
 * A signer that signs the same content once, so that what is written into a file and what is stored
 * beside an image are one signature, with one log entry. For the few images of a command.
 */
export function rememberSignatures(signer: ContentSigner): ContentSigner {
  const signatures = new Map<string, Promise<Signed>>();
  return {
    ...signer,
    async sign(content) {
      const name = nameOf(content);
      if (name === undefined) return await signer.sign(content);
      let signed = signatures.get(name);
      if (signed === undefined) {
        signed = signer.sign(content);
        signatures.set(name, signed);
      }
      return await signed;
    },
  };
}

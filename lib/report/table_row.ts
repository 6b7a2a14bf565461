import type { FleetResult } from "../fleet/fleet_result.ts";
import type { SignatureResult, Verdict, VerdictKind } from "../verify/verdict.ts";
import { countOf, countText } from "./number_text.ts";
import { safeText } from "./safe_text.ts";

/** What a table keeps of one image: short texts, fit for a terminal. */
export interface TableRow {
  /** The image's name up to its tag or digest. */
  readonly repository: string;
  /** The rest, with its `:` or `@`; empty when the name has neither. */
  readonly leaf: string;
  /** The first digits of the digest, or `-`. */
  readonly digest: string;
  readonly kind: VerdictKind;
  readonly why: string;
  /** How much more there is to say: ` (+2 more)`, or nothing. */
  readonly more: string;
}

/** Digits of a digest that are shown; Docker shows as many. */
export const DIGEST_DIGITS = 12;

/** Longer texts say no more in one line, and a table keeps all its rows. */
const MAX_WHY = 300;

/** Where the tag or the digest of an image's name begins. */
function leafStart(image: string): number {
  const at = image.indexOf("@");
  const name = at === -1 ? image : image.slice(0, at);
  const colon = name.lastIndexOf(":");
  // A colon before the last slash belongs to the registry's port.
  return colon > name.lastIndexOf("/") ? colon : name.length;
}

/** A digest that ends a name, cut to what tells it from others: its own column shows more. */
function shortenDigest(text: string): string {
  return text.replace(/(@sha256:[0-9a-f]{7})[0-9a-f]{57}$/u, "$1…");
}

function signatureText({ format, signer }: SignatureResult): string {
  return signer === undefined ? format : `${format} by ${signer.name}`;
}

/** Why an image got its verdict: everything there is to say, the first first. */
function whyTexts(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case "verified":
      return verdict.signatures.filter(({ verified }) => verified).map(signatureText);
    case "unknown": {
      const { request, status, attempts, message } = verdict.evidence;
      return [`${status ?? message} after ${countOf(attempts, "attempt")}: ${request}`];
    }
    case "failed":
    case "unsigned": {
      const own = verdict.reasons;
      const reasons = own.length > 0 ? own : verdict.signatures.flatMap(({ reasons }) => reasons);
      return reasons.map(({ message }) => message);
    }
    default:
      return verdict satisfies never;
  }
}

/** The row of one image. */
export function tableRow({ image, verdict }: FleetResult): TableRow {
  const start = leafStart(image);
  const [why = "", ...others] = whyTexts(verdict);
  return {
    repository: safeText(image.slice(0, start)),
    leaf: safeText(shortenDigest(image.slice(start))),
    digest: verdict.digest?.slice("sha256:".length).slice(0, DIGEST_DIGITS) ?? "-",
    kind: verdict.kind,
    why: safeText(why.slice(0, MAX_WHY)),
    more: others.length === 0 ? "" : ` (+${countText(others.length)} more)`,
  };
}

import type { Digest } from "../reference/digest.ts";
import { countText } from "./number_text.ts";
import type { Tone } from "./palette.ts";
import { safeText } from "./safe_text.ts";

/** What became of an image: a symbol of one column, a word, and how both look. */
export interface TableState {
  readonly symbol: string;
  readonly word: string;
  readonly tone: Tone;
}

/** An image as a report has it. */
export interface TableItem {
  readonly image: string;
  readonly digest?: Digest | undefined;
  readonly state: TableState;
  /** Everything there is to say, the first first. */
  readonly details: readonly string[];
}

/** What a table keeps of one image: short texts, fit for a terminal. */
export interface TableRow {
  /** The image's name up to its tag or digest; a file's folder with its slash. */
  readonly repository: string;
  /** The rest, with its `:` or `@`; empty when the name has neither. */
  readonly leaf: string;
  /** The first digits of the digest, or `-`. */
  readonly digest: string;
  readonly state: TableState;
  readonly detail: string;
  /** How much more there is to say: ` (+2 more)`, or nothing. */
  readonly more: string;
}

/** Digits of a digest that are shown; Docker shows as many. */
export const DIGEST_DIGITS = 12;

/** Longer texts say no more in one line, and a table keeps all its rows. */
const MAX_DETAIL = 300;

/** Where the tag or the digest of an image's name begins. */
function imageLeafStart(image: string): number {
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

/** The row of one image. Its texts may come from outside; the state is the report's own. */
export function tableRow(
  { image, digest, state, details }: TableItem,
  leafStart: (image: string) => number = imageLeafStart,
): TableRow {
  const start = leafStart(image);
  const [detail = "", ...others] = details;
  return {
    repository: safeText(image.slice(0, start)),
    leaf: safeText(shortenDigest(image.slice(start))),
    digest: digest?.slice("sha256:".length).slice(0, DIGEST_DIGITS) ?? "-",
    state,
    detail: safeText(detail.slice(0, MAX_DETAIL)),
    more: others.length === 0 ? "" : ` (+${countText(others.length)} more)`,
  };
}

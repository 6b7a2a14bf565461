import { encodeText } from "./bytes.ts";

/** What Go looks at, and so cosign: no more of a file needs to be at hand. */
export const SNIFF_BYTES = 512;

/** A format that is known by its first bytes; `undefined` stands for a byte that may be any. */
interface Signature {
  readonly pattern: readonly (number | undefined)[];
  readonly type: string;
}

/** Bytes from text, in which `·` stands for any byte; other characters are one byte each. */
function bytesOf(text: string): readonly (number | undefined)[] {
  return Array.from(text, (character) => character === "·" ? undefined : character.charCodeAt(0));
}

const signature = (text: string, type: string): Signature => ({ pattern: bytesOf(text), type });

/** Elements with which HTML may begin; the next byte ends the name. */
const HTML = [
  "<!DOCTYPE HTML",
  "<HTML",
  "<HEAD",
  "<SCRIPT",
  "<IFRAME",
  "<H1",
  "<DIV",
  "<FONT",
  "<TABLE",
  "<A",
  "<STYLE",
  "<TITLE",
  "<B",
  "<BODY",
  "<BR",
  "<P",
  "<!--",
].map(encodeText);

// The tables of https://mimesniff.spec.whatwg.org/ in the order and with the deviations of Go 1.26's
// net/http: what comes first wins.
const BEFORE_MP4: readonly Signature[] = [
  signature("%PDF-", "application/pdf"),
  signature("%!PS-Adobe-", "application/postscript"),
  signature("\xFE\xFF··", "text/plain"),
  signature("\xFF\xFE··", "text/plain"),
  signature("\xEF\xBB\xBF·", "text/plain"),
  signature("\0\0\x01\0", "image/x-icon"),
  signature("\0\0\x02\0", "image/x-icon"),
  signature("BM", "image/bmp"),
  signature("GIF87a", "image/gif"),
  signature("GIF89a", "image/gif"),
  signature("RIFF····WEBPVP", "image/webp"),
  signature("\x89PNG\r\n\x1A\n", "image/png"),
  signature("\xFF\xD8\xFF", "image/jpeg"),
  signature("FORM····AIFF", "audio/aiff"),
  signature("ID3", "audio/mpeg"),
  signature("OggS\0", "application/ogg"),
  signature("MThd\0\0\0\x06", "audio/midi"),
  signature("RIFF····AVI ", "video/avi"),
  signature("RIFF····WAVE", "audio/wave"),
];
const AFTER_MP4: readonly Signature[] = [
  signature("\x1A\x45\xDF\xA3", "video/webm"),
  signature(`${"·".repeat(34)}LP`, "application/vnd.ms-fontobject"),
  signature("\0\x01\0\0", "font/ttf"),
  signature("OTTO", "font/otf"),
  signature("ttcf", "font/collection"),
  signature("wOFF", "font/woff"),
  signature("wOF2", "font/woff2"),
  signature("\x1F\x8B\x08", "application/x-gzip"),
  signature("PK\x03\x04", "application/zip"),
  signature("Rar!\x1A\x07\0", "application/x-rar-compressed"),
  signature("Rar!\x1A\x07\x01\0", "application/x-rar-compressed"),
  signature("\0asm", "application/wasm"),
];

function matches(data: Uint8Array, pattern: readonly (number | undefined)[]): boolean {
  return data.length >= pattern.length &&
    pattern.every((byte, index) => byte === undefined || byte === data[index]);
}

function isHtml(data: Uint8Array): boolean {
  return HTML.some((name) => {
    const end = data[name.length];
    if (end !== 0x20 && end !== 0x3e) return false;
    // Letters in either case.
    return name.every((byte, index) =>
      byte === (byte >= 0x41 && byte <= 0x5a ? data[index]! & 0xdf : data[index])
    );
  });
}

const XML = bytesOf("<?xml");
const FTYP = bytesOf("····ftyp");
const MP4 = bytesOf("mp4");

/** The signature of MP4 (WHATWG MIME Sniffing, section 6.2.1). */
function isMp4(data: Uint8Array): boolean {
  if (data.length < 12) return false;
  const boxSize = new DataView(data.buffer, data.byteOffset).getUint32(0);
  if (boxSize % 4 !== 0 || data.length < boxSize || !matches(data, FTYP)) return false;
  for (let brand = 8; brand < boxSize; brand += 4) {
    // At 12 is the version of the major brand.
    if (brand !== 12 && matches(data.subarray(brand), MP4)) return true;
  }
  return false;
}

/** Whether a byte is none that text has. */
function isBinary(byte: number): boolean {
  return byte <= 0x08 || byte === 0x0b || byte >= 0x0e && byte <= 0x1a ||
    byte >= 0x1c && byte <= 0x1f;
}

/**
 * Tell what kind of content begins with these bytes, as Go's `http.DetectContentType` does, without
 * its `; charset=…`: the layer type that `cosign upload blob` writes. Whatever is not known is
 * `application/octet-stream`.
 */
export function detectContentType(content: Uint8Array): string {
  const data = content.subarray(0, SNIFF_BYTES);
  const start = data.findIndex((byte) => ![0x09, 0x0a, 0x0c, 0x0d, 0x20].includes(byte));
  const text = start === -1 ? data.subarray(data.length) : data.subarray(start);
  if (isHtml(text)) return "text/html";
  if (matches(text, XML)) return "text/xml";
  const find = (table: readonly Signature[]): string | undefined =>
    table.find(({ pattern }) => matches(data, pattern))?.type;
  return find(BEFORE_MP4) ?? (isMp4(data) ? "video/mp4" : undefined) ?? find(AFTER_MP4) ??
    (text.some(isBinary) ? "application/octet-stream" : "text/plain");
}

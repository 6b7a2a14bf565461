import assert from "node:assert/strict";
import { test } from "node:test";
import { detectContentType, SNIFF_BYTES } from "../../lib/base/detect_content_type.ts";

/** Content, one byte a character, and what Go 1.26's http.DetectContentType says of it. */
const GO: Readonly<Record<string, readonly string[]>> = {
  "application/pdf": ["%PDF-"],
  "application/postscript": ["%!PS-Adobe-"],
  "text/plain": [
    ...["", " \n", "hello", '{"a":1}', "a\x1bb", "\xFE\xFF\0\0", "\xFF\xFE\0\0", "\xEF\xBB\xBF\0"],
    ...["<html", "<htmlx>", "<!-- x".slice(0, 4), " %PDF-".slice(0, 4), "RIFF1234WEB", "%PDF"],
    `${"x".repeat(SNIFF_BYTES)}\0`,
  ],
  "image/x-icon": ["\0\0\x01\0", "\0\0\x02\0"],
  "image/bmp": ["BM", "BMW is text"],
  "image/gif": ["GIF87a", "GIF89a"],
  "image/webp": ["RIFF1234WEBPVP8"],
  "image/png": ["\x89PNG\r\n\x1A\n"],
  "image/jpeg": ["\xFF\xD8\xFF"],
  "audio/aiff": ["FORM1234AIFF"],
  "audio/mpeg": ["ID3"],
  "application/ogg": ["OggS\0"],
  "audio/midi": ["MThd\0\0\0\x06"],
  "video/avi": ["RIFF1234AVI "],
  "audio/wave": ["RIFF1234WAVE"],
  "video/mp4": [
    "\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "\0\0\0\x18ftypisom\0\0\0\0iso2mp41",
  ],
  "video/webm": ["\x1A\x45\xDF\xA3"],
  "application/vnd.ms-fontobject": [`${"\0".repeat(34)}LP`, `${"z".repeat(34)}LP`],
  "font/ttf": ["\0\x01\0\0"],
  "font/otf": ["OTTO"],
  "font/collection": ["ttcf"],
  "font/woff": ["wOFF"],
  "font/woff2": ["wOF2"],
  "application/x-gzip": ["\x1F\x8B\x08"],
  "application/zip": ["PK\x03\x04"],
  "application/x-rar-compressed": ["Rar!\x1A\x07\0", "Rar!\x1A\x07\x01\0"],
  "application/wasm": ["\0asm\x01"],
  "text/html": ["<html>", "  <!DOCTYPE html ", "<a ", "<P>", "<!-->", "\f<ScRiPt>", "<h1 "],
  "text/xml": ["<?xml ", "\n<?xml"],
  "application/octet-stream": [
    ...["\0", "a\x1cb", " %PDF-\0", "\x1F\x8B", "\0\0\0\x18ftypmp42", `${"x".repeat(511)}\0`],
    // The minor version of a brand says nothing, and a box must be as long as it says.
    ...["\0\0\0\x10ftypisom\0mp4", "\0\0\0\x17ftypmp42\0\0\0\0mp42isom"],
  ],
};

for (const [type, contents] of Object.entries(GO)) {
  test(`detectContentType() knows ${type}`, () => {
    for (const content of contents) {
      const bytes = Uint8Array.from(content, (character) => character.charCodeAt(0));
      assert.equal(detectContentType(bytes), type, JSON.stringify(content.slice(0, 40)));
    }
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDigest } from "../../lib/reference/digest.ts";
import { attachmentTag, isAttachmentTag, referrersTag } from "../../lib/reference/triangulate.ts";

const HEX = "25ca0d9c2f4e70ce3bfba7891065dfef09760d2cbace7a2d21fb13c569902133";
const DIGEST = parseDigest(`sha256:${HEX}`);

test("attachmentTag() names what cosign triangulate names", () => {
  assert.equal(attachmentTag(DIGEST, "sig"), `sha256-${HEX}.sig`);
  assert.equal(attachmentTag(DIGEST, "att"), `sha256-${HEX}.att`);
  assert.equal(attachmentTag(DIGEST, "sbom", "old-"), `old-sha256-${HEX}.sbom`);
});

test("referrersTag() names the fallback tag of the distribution spec", () => {
  assert.equal(referrersTag(DIGEST), `sha256-${HEX}`);
});

test("isAttachmentTag() knows the tags that name no image, with and without a prefix", () => {
  for (const rest of ["", ".sig", ".att", ".sbom"]) {
    assert.ok(isAttachmentTag(`sha256-${HEX}${rest}`), rest);
    assert.ok(isAttachmentTag(`old-sha256-${HEX}${rest}`, "old-"), rest);
    assert.ok(isAttachmentTag(`sha256-${HEX}${rest}`, "old-"), rest);
  }
});

test("isAttachmentTag() takes no image's tag for one of those", () => {
  const images = [
    "1.0",
    "latest",
    `sha256-${HEX}.txt`,
    `sha256-${HEX}.sig2`,
    `sha256-${HEX.slice(1)}.sig`,
    `sha256-${HEX.toUpperCase()}.sig`,
    `v-sha256-${HEX}.sig`,
    `sha512-${HEX}${HEX}.sig`,
    "sha256",
  ];
  for (const tag of images) assert.ok(!isAttachmentTag(tag), tag);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDigest } from "../../lib/reference/digest.ts";
import { parseRepository } from "../../lib/reference/reference.ts";
import { locateSignatures } from "../../lib/signature/store.ts";
import { APP } from "../support/images.ts";

const HEX = "ab".repeat(32);
const DIGEST = parseDigest(`sha256:${HEX}`);

test("locateSignatures() looks beside the image", () => {
  assert.deepEqual(locateSignatures(APP, DIGEST, {}), {
    repository: APP,
    signatureTag: `sha256-${HEX}.sig`,
    attestationTag: `sha256-${HEX}.att`,
    referrersTag: `sha256-${HEX}`,
    maxAttachmentBytes: 128 * 1024 * 1024,
  });
});

test("locateSignatures() looks in the one repository for all, and under prefixed tags", () => {
  const repository = parseRepository("r.example/signatures");
  const store = { repository, tagPrefix: "old-", maxAttachmentBytes: 5 };
  assert.deepEqual(locateSignatures(APP, DIGEST, store), {
    repository,
    signatureTag: `old-sha256-${HEX}.sig`,
    attestationTag: `old-sha256-${HEX}.att`,
    // The spec's own tag has no prefix.
    referrersTag: `sha256-${HEX}`,
    maxAttachmentBytes: 5,
  });
});

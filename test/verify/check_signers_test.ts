import assert from "node:assert/strict";
import { test } from "node:test";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { checkSigners, haveEnoughSigned } from "../../lib/verify/check_signers.ts";
import type { SignaturePolicy } from "../../lib/verify/signature_policy.ts";
import type { SignatureResult, Signer } from "../../lib/verify/verdict.ts";
import { createKey, trust } from "../support/images.ts";

const [A, B] = [createKey(), createKey()];

const by = (signer: Signer, verified = true): SignatureResult => ({
  format: "bundle",
  verified,
  signer,
  checks: [],
  reasons: [],
});

const byKey = ({ publicKey }: PrivateKey, verified = true): SignatureResult =>
  by({ kind: "key", name: "k", fingerprint: publicKey.fingerprint }, verified);

const byIdentity = (name: string, fingerprint = "00"): SignatureResult =>
  by({ kind: "certificate", name, issuer: "https://issuer.example", fingerprint });

const policy = (required: SignaturePolicy["required"]): SignaturePolicy => ({
  ...trust([A, B]),
  required,
});

test("haveEnoughSigned() counts keys, and identities however many certificates they have", () => {
  const two = policy(2);
  assert.ok(haveEnoughSigned(two, [byKey(A), byKey(B)]));
  assert.ok(!haveEnoughSigned(two, [byKey(A), byKey(A)]));
  assert.ok(!haveEnoughSigned(two, [byKey(A), byKey(B, false)]));
  assert.ok(haveEnoughSigned(two, [byKey(A), byIdentity("me@example.com")]));
  assert.ok(
    !haveEnoughSigned(two, [
      byIdentity("me@example.com", "01"),
      byIdentity("me@example.com", "02"),
    ]),
  );
  assert.ok(!haveEnoughSigned(policy(1), []));
});

test("haveEnoughSigned() takes an identity for none of the keys where all must have signed", () => {
  const all = policy("all");
  const mixed = [byKey(A), byIdentity("me@example.com"), byIdentity("you@example.com")];
  assert.ok(!haveEnoughSigned(all, mixed));
  assert.deepEqual(checkSigners(all, mixed), {
    code: "too-few-signers",
    message: "1 of 2 required keys have signed; missing: key-1",
    expected: "2 of key-0, key-1",
    found: "key-0",
  });
  assert.ok(haveEnoughSigned(all, [...mixed, byKey(B)]));
  assert.ok(haveEnoughSigned({ ...all, keys: [] }, mixed), "all of none, and somebody");
  assert.ok(!haveEnoughSigned({ ...all, keys: [] }, []));
});

test("checkSigners() says nothing where nobody has signed, or enough have", () => {
  assert.equal(checkSigners(policy("all"), [byKey(A, false)]), undefined);
  assert.equal(checkSigners(policy("all"), [byKey(A), byKey(B)]), undefined);
});

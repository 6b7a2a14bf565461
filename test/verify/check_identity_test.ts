import assert from "node:assert/strict";
import { test } from "node:test";
import { exactText, expressionText } from "../../lib/policy/match_text.ts";
import { parseCertificate } from "../../lib/signature/certificate.ts";
import {
  type CertificateIdentity,
  certificateIdentity,
} from "../../lib/signature/certificate_identity.ts";
import { checkIdentity, type TrustedIdentity } from "../../lib/verify/check_identity.ts";
import {
  alternativeNames,
  issuerExtension,
  rawExtension,
  type TestExtension,
  userName,
} from "../support/sigstore/certificate.ts";
import { createInstance, issueLeaf } from "../support/sigstore/instance.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";

const FOUND: CertificateIdentity = {
  subjects: ["alice@example.com"],
  issuer: "https://oidc.example",
  workflow: { repository: "acme/widget", trigger: "push" },
};

const trusted = (
  subject: string,
  issuer = "https://oidc.example",
  workflow: TrustedIdentity["workflow"] = {},
): TrustedIdentity => ({ subject: exactText(subject), issuer: exactText(issuer), workflow });

function codeOf(found: CertificateIdentity, ...identities: readonly TrustedIdentity[]): string {
  const outcome = checkIdentity(found, identities);
  return "code" in outcome ? outcome.code : `${outcome.subject} by ${outcome.issuer}`;
}

const ALICE = "alice@example.com by https://oidc.example";

test("checkIdentity() takes just the identity and issuer that are asked for", () => {
  assert.equal(codeOf(FOUND, trusted("alice@example.com")), ALICE);
  const others = [
    "alice@example.co",
    "alice@example.com.evil",
    "xalice@example.com",
    "ALICE@example.com",
  ];
  for (const subject of others) assert.equal(codeOf(FOUND, trusted(subject)), "identity-mismatch");
  for (const issuer of ["https://oidc.exampl", "https://oidc.example/", "HTTPS://oidc.example"]) {
    assert.equal(codeOf(FOUND, trusted("alice@example.com", issuer)), "issuer-mismatch");
  }
  const wider = { ...FOUND, subjects: ["alice@example.com.evil"] };
  assert.equal(codeOf(wider, trusted("alice@example.com")), "identity-mismatch");
});

test("checkIdentity() takes any of several identities, each with its own issuer", () => {
  const bob = trusted("bob@example.com");
  assert.equal(codeOf(FOUND, bob, trusted("alice@example.com")), ALICE);
  assert.equal(
    codeOf(FOUND, bob, trusted("alice@example.com", "https://other.example")),
    "issuer-mismatch",
  );
  assert.equal(codeOf(FOUND), "identity-mismatch");
});

test("checkIdentity() takes no empty name and no missing one, whatever matches it", async () => {
  const any: TrustedIdentity = {
    subject: await expressionText(".*", { whole: true }),
    issuer: await expressionText(".*", { whole: true }),
  };
  assert.equal(codeOf(FOUND, any), ALICE);
  assert.equal(codeOf({ ...FOUND, subjects: [] }, any), "identity-mismatch");
  assert.equal(codeOf({ ...FOUND, subjects: [""] }, any), "identity-mismatch");
  assert.equal(codeOf({ ...FOUND, issuer: undefined }, any), "issuer-mismatch");
  assert.equal(codeOf({ ...FOUND, issuer: "" }, any), "issuer-mismatch");
});

test("checkIdentity() compares what is asked of the workflow", () => {
  const asked = (workflow: TrustedIdentity["workflow"]) =>
    codeOf(FOUND, trusted("alice@example.com", undefined, workflow));
  assert.equal(asked({ repository: "acme/widget", trigger: "push" }), ALICE);
  assert.equal(asked({ repository: "acme/widge" }), "workflow-mismatch");
  assert.equal(asked({ ref: "refs/heads/main" }), "workflow-mismatch");
});

test("exactText() and expressionText() refuse what would match nothing or everything by mistake", async () => {
  assert.throws(() => exactText(""), { code: "USAGE" });
  for (const expression of ["", "(", "a".repeat(10_001), "(?=a)", "\\1"]) {
    await assert.rejects(expressionText(expression, { whole: false }), { code: "USAGE" });
  }
});

test("expressionText() matches any part as cosign does, and the whole where told", async () => {
  const part = await expressionText("example", { whole: false });
  assert.ok(part.matches("alice@example.com"));
  const whole = await expressionText("example|alice@.*", { whole: true });
  assert.ok(whole.matches("alice@example.com"));
  assert.ok(!whole.matches("xalice@example.com"));
  assert.ok(!(await expressionText("alice", { whole: true })).matches("alice@example.com"));
  // · In JavaScript $ and . would stop at a line's end otherwise.
  assert.ok(!(await expressionText("^a$", { whole: false })).matches("a\nb"));
  assert.ok((await expressionText("(?i)^ALICE@", { whole: false })).matches("alice@example.com"));
});

test("expressionText() needs no more than linear time", async () => {
  const evil = await expressionText("^(a+)+$", { whole: false });
  assert.ok(!evil.matches(`${"a".repeat(5000)}b`));
});

const INSTANCE = createInstance();

function read(...extensions: readonly TestExtension[]): CertificateIdentity {
  const der = issueLeaf(INSTANCE, createSigningKey(), { extensions, scts: [] });
  return certificateIdentity(parseCertificate(der));
}

test("certificateIdentity() reads names of every kind that Fulcio writes, and issuers old and new", () => {
  const issuer = issuerExtension("https://oidc.example");
  const old = rawExtension("1.3.6.1.4.1.57264.1.1", "https://old.example");
  assert.deepEqual(read(alternativeNames([1, "a@b.c"]), issuer), {
    subjects: ["a@b.c"],
    issuer: "https://oidc.example",
    workflow: {},
  });
  assert.deepEqual(read(alternativeNames([6, "https://a/b"], [2, "host"])).subjects, [
    "https://a/b",
    "host",
  ]);
  assert.deepEqual(read(userName("Ünal")).subjects, ["Ünal"]);
  assert.equal(read(old).issuer, "https://old.example");
  assert.equal(read(old, issuer).issuer, "https://oidc.example", "the newer one counts");
  assert.deepEqual(read(issuer).subjects, []);
  assert.deepEqual(read(rawExtension("1.3.6.1.4.1.57264.1.5", "acme/widget")).workflow, {
    repository: "acme/widget",
  });
});

test("certificateIdentity() refuses a name that is not ASCII, which other decoders make another's", () => {
  // · "á" in Latin-1 is "a" once the eighth bit is dropped.
  assert.throws(() => read(alternativeNames([1, "álice@example.com"])), { code: "MALFORMED" });
});

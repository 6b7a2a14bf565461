/** A certificate is trusted only by authorities that may issue it, at each proven time. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { makeBundle } from "../support/sigstore/bundle.ts";
import {
  alternativeNames,
  basicConstraints,
  issueCertificate,
  issuerExtension,
  keyUsage,
  purposes,
  type TestExtension,
} from "../support/sigstore/certificate.ts";
import { sequence } from "../support/sigstore/der.ts";
import {
  authorityJson,
  type CertificateChange,
  CODE_SIGNING,
  createInstance,
  type Instance,
  type InstanceChanges,
  ISSUER,
  leafExtensions,
  MINUTE,
  SIGNED_AT,
  TIME_STAMPING,
  trustedRootJson,
} from "../support/sigstore/instance.ts";
import { judgeBundle, type Judged, trustInstance } from "../support/sigstore/judge.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";

const INSTANCE = createInstance();
const ENTRY = "hashedrekord 0.0.2";

function judge(instance: Instance, certificate?: CertificateChange): Promise<Judged> {
  const { json } = makeBundle(instance, { entry: ENTRY, certificate: certificate ?? {} });
  return judgeBundle(json, trustInstance(instance));
}

const usual = leafExtensions();

/** The usual extensions, and others; one of an identifier that is there takes its place. */
const withExtension = (...more: readonly TestExtension[]): CertificateChange => ({
  extensions: [...usual.filter(({ oid }) => !more.some((one) => one.oid === oid)), ...more],
});

const ROOT_CHANGES: Readonly<Record<string, InstanceChanges>> = {
  "is no authority": {
    intermediate: { extensions: [basicConstraints(false), keyUsage(0x06), purposes(CODE_SIGNING)] },
  },
  "says nothing of being an authority": {
    intermediate: { extensions: [keyUsage(0x06), purposes(CODE_SIGNING)] },
  },
  "may not sign certificates": {
    intermediate: { extensions: [basicConstraints(true, 0), keyUsage(0x80)] },
  },
  "is for timestamps": {
    intermediate: {
      extensions: [basicConstraints(true, 0), keyUsage(0x06), purposes(TIME_STAMPING)],
    },
  },
  "constrains names": {
    intermediate: {
      extensions: [
        basicConstraints(true, 0),
        keyUsage(0x06),
        { oid: "2.5.29.30", value: sequence() },
      ],
    },
  },
  "is signed by a stranger": { intermediate: { signer: createSigningKey("P-384") } },
  "names another issuer": { intermediate: { issuer: "another root" } },
  "has another name than the leaf says": { intermediate: { subject: "another" } },
  "stands under a root that allows none below": {
    root: { extensions: [basicConstraints(true, 0), keyUsage(0x06)] },
  },
  "stands under a root that is no authority": { root: { extensions: [keyUsage(0x06)] } },
};

for (const [what, changes] of Object.entries(ROOT_CHANGES)) {
  test(`verifyBlob() refuses a certificate whose issuer ${what}`, async () => {
    assert.equal((await judge(createInstance({}, changes))).code, "certificate-untrusted");
  });
}

const LEAF_CHANGES: Readonly<Record<string, CertificateChange>> = {
  "is for timestamps": withExtension(purposes(TIME_STAMPING)),
  "is an authority's": withExtension(basicConstraints(true)),
  "has a key that may not sign": withExtension(keyUsage(0x04)),
  "has a critical extension that nobody knows": withExtension({
    oid: "1.2.3.4",
    critical: true,
    value: sequence(),
  }),
  "has the poison of a precertificate": withExtension({
    oid: "1.3.6.1.4.1.11129.2.4.3",
    critical: true,
    value: Uint8Array.of(5, 0),
  }),
  "constrains names": withExtension({ oid: "2.5.29.30", value: sequence() }),
  "is signed by a stranger": { signer: createSigningKey("P-384") },
  "is signed by a key of another kind": { signer: createSigningKey("P-256") },
  "names an issuer that nobody knows": { issuer: "another" },
  "names the root, which did not sign it": { issuer: "root" },
};

for (const [what, change] of Object.entries(LEAF_CHANGES)) {
  test(`verifyBlob() refuses a certificate that ${what}`, async () => {
    assert.equal((await judge(INSTANCE, change)).code, "certificate-untrusted");
  });
}

test("verifyBlob() takes a certificate that says nothing of its purpose, or that has any", async () => {
  for (const purpose of [undefined, "2.5.29.37.0"]) {
    const extensions = usual.filter(({ oid }) => oid !== "2.5.29.37");
    if (purpose !== undefined) extensions.push(purposes(purpose));
    const { verified, result } = await judge(INSTANCE, { extensions });
    assert.ok(verified, result.reasons[0]?.message);
  }
});

test("verifyBlob() takes a certificate that the root itself issued", async () => {
  const { root } = INSTANCE;
  const { verified, result } = await judge(INSTANCE, { issuer: "root", signer: root });
  assert.ok(verified, result.reasons[0]?.message);
});

test("verifyBlob() takes authorities in any order, the trusted one last, and one that signed not itself", async () => {
  const above = createSigningKey();
  const instance = createInstance({}, { root: { issuer: "somebody above", signer: above } });
  assert.ok((await judge(instance)).verified);

  const [intermediate, root] = INSTANCE.chain;
  const middle = createSigningKey();
  const during = { notBefore: SIGNED_AT - MINUTE, notAfter: SIGNED_AT + MINUTE };
  const third = issueCertificate({
    subject: "third",
    issuer: "intermediate",
    spki: middle.spki,
    signer: INSTANCE.intermediate,
    ...during,
    extensions: [basicConstraints(true), keyUsage(0x06)],
  });
  const { json } = makeBundle(INSTANCE, {
    entry: ENTRY,
    certificate: { issuer: "third", signer: middle },
  });
  const trust = (chain: readonly Uint8Array[]) =>
    trustInstance(INSTANCE, {
      root: {
        ...trustedRootJson(INSTANCE),
        certificateAuthorities: [authorityJson(chain, {})],
      },
    });
  // The intermediate allows no authority below it.
  for (const chain of [[third, intermediate, root], [intermediate, third, root]]) {
    const { code, result } = await judgeBundle(json, trust(chain));
    assert.equal(code, "certificate-untrusted");
    assert.match(result.reasons[0]!.message, /in a row/u);
  }
  assert.ok((await judgeBundle(json, trust([third, intermediate]))).code !== undefined);
  assert.ok((await judgeBundle(json, trust([third]))).verified);
});

test("verifyBlob() takes no stranger for a trusted authority, nor what a bundle brings with it", async () => {
  const stranger = createInstance();
  const root = { ...trustedRootJson(stranger), tlogs: [], ctlogs: [] };
  const ignoring = { logThreshold: 0, sctThreshold: 0 };
  const { json } = makeBundle(INSTANCE, { version: "0.2", entry: ENTRY, stamped: false });
  const chain = json.verificationMaterial.x509CertificateChain.certificates;
  const stamped = makeBundle(stranger, { entry: ENTRY }).json.verificationMaterial;
  json.verificationMaterial.timestampVerificationData = stamped.timestampVerificationData;
  for (const der of INSTANCE.chain) chain.push({ rawBytes: Buffer.from(der).toString("base64") });
  const { verified } = await judgeBundle(json, trustInstance(stranger, { root, ...ignoring }));
  assert.equal(verified, false);
});

test("verifyBlob() refuses a certificate outside its own time, its issuer's, and the authority's", async () => {
  const { json } = makeBundle(INSTANCE, { entry: ENTRY });
  const outside: readonly CertificateChange[] = [
    { notBefore: SIGNED_AT + 1000 },
    { notAfter: SIGNED_AT - 1000 },
  ];
  for (const change of outside) {
    assert.equal((await judge(INSTANCE, change)).code, "certificate-expired");
    for (const place of ["intermediate", "root"] as const) {
      const instance = createInstance({}, { [place]: change });
      assert.equal((await judge(instance)).code, "certificate-expired", place);
    }
  }
  for (const authority of [{ start: SIGNED_AT + 1 }, { start: 0, end: SIGNED_AT - 1 }]) {
    const root = trustedRootJson(INSTANCE, { authority });
    assert.equal(
      (await judgeBundle(json, trustInstance(INSTANCE, { root }))).code,
      "certificate-expired",
    );
  }
  for (const authority of [{ start: SIGNED_AT }, { end: SIGNED_AT }, {}]) {
    const root = trustedRootJson(INSTANCE, { authority });
    assert.ok((await judgeBundle(json, trustInstance(INSTANCE, { root }))).verified);
  }
});

test("verifyBlob() asks that a certificate was valid at each proven time, and that one is proven", async () => {
  const late = { time: SIGNED_AT + 6 * MINUTE };
  const log = { time: SIGNED_AT / 1000 };
  const both = { entry: "hashedrekord 0.0.1", stamped: true, log } as const;
  const trust = trustInstance(INSTANCE);
  const good = makeBundle(INSTANCE, both);
  assert.ok((await judgeBundle(good.json, trust)).verified);
  const lateStamp = makeBundle(INSTANCE, { ...both, timestamp: late });
  assert.equal((await judgeBundle(lateStamp.json, trust)).code, "certificate-expired");
  const lateEntry = makeBundle(INSTANCE, { ...both, log: { time: late.time / 1000 } });
  assert.equal((await judgeBundle(lateEntry.json, trust)).code, "certificate-expired");
  // What a log's entry says of its time is nothing without its promise.
  const unpromised = makeBundle(INSTANCE, { ...both, stamped: false, log: { promise: false } });
  assert.equal((await judgeBundle(unpromised.json, trust)).code, "time-not-proven");
  const ignoring = trustInstance(INSTANCE, { logThreshold: 0 });
  const unstamped = makeBundle(INSTANCE, { ...both, stamped: false });
  assert.equal((await judgeBundle(unstamped.json, ignoring)).code, "time-not-proven");
});

test("verifyBlob() refuses a signature by another key than the certificate's", async () => {
  const { json } = makeBundle(INSTANCE, { entry: ENTRY });
  const other = makeBundle(INSTANCE, { entry: ENTRY });
  json.messageSignature.signature = other.json.messageSignature.signature;
  assert.equal((await judgeBundle(json, trustInstance(INSTANCE))).code, "signature-mismatch");
});

test("verifyBlob() remembers a certificate by all its octets", async () => {
  const trust = trustInstance(INSTANCE);
  const { json } = makeBundle(INSTANCE, { entry: undefined, stamped: true });
  const ignoring = { ...trust, logThreshold: 0 };
  assert.ok((await judgeBundle(json, ignoring)).verified);
  const rawBytes: string = json.verificationMaterial.certificate.rawBytes;
  const der = Buffer.from(rawBytes, "base64");
  for (const place of [der.length - 1, 40, Math.floor(der.length / 2)]) {
    const changed = Buffer.from(der);
    changed[place]! ^= 1;
    json.verificationMaterial.certificate.rawBytes = changed.toString("base64");
    assert.equal((await judgeBundle(json, ignoring)).verified, false);
  }
  json.verificationMaterial.certificate.rawBytes = rawBytes;
  assert.ok((await judgeBundle(json, ignoring)).verified);
});

test("verifyBlob() refuses certificates of other shapes, and says that they are malformed", async () => {
  const changes: CertificateChange[] = [
    { extensions: [...usual, alternativeNames([1, "mallory@example.com"])] },
    {
      extensions: usual.map((one) =>
        one.oid === "2.5.29.17" ? { ...one, value: Uint8Array.of(1) } : one
      ),
    },
    {
      extensions: [
        ...usual.slice(0, 2),
        alternativeNames([1, "älice@example.com"]),
        issuerExtension(ISSUER),
      ],
    },
    {
      extensions: usual.map((one) =>
        one.oid === "2.5.29.15" ? { ...one, value: Uint8Array.of(5, 0) } : one
      ),
    },
  ];
  changes.push({ algorithm: createSigningKey("P-256").algorithm });
  for (const change of changes) {
    assert.equal((await judge(INSTANCE, change)).code, "signature-malformed");
  }
});

/** The good bundles that are judged twice: real programs', and one of every other kind. */

import { readdirSync, readFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { buildAttestationStatement } from "../../lib/signature/attestation_statement.ts";
import { fixturePath } from "../support/fixtures.ts";
import { type BundleOptions, makeBundle, MESSAGE } from "../support/sigstore/bundle.ts";
import {
  createInstance,
  type InstanceKinds,
  trustedRootJson,
} from "../support/sigstore/instance.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";
import { noteLine } from "../support/sigstore/log.ts";
import type { Json } from "./mutants.ts";

export interface GoodBundle {
  readonly name: string;
  readonly json: Json;
  readonly root: object;
  readonly artifact: Uint8Array;
}

const readJson = (path: string): Json => JSON.parse(readFileSync(path, "utf8")) as Json;

interface BundleShape {
  readonly mediaType?: unknown;
  readonly verificationMaterial?: { readonly certificate?: unknown };
}

function isKeylessBundle(json: Json): boolean {
  const { mediaType, verificationMaterial } = json as BundleShape;
  return typeof mediaType === "string" && mediaType.includes("sigstore.bundle") &&
    verificationMaterial?.certificate !== undefined;
}

/** Those of the fixtures, good or not. */
export function fixtureBundles(): readonly GoodBundle[] {
  const root = readJson(fixturePath("trusted_root.json")) as object;
  const folder = fixturePath("blobs/sha256");
  const bundles: GoodBundle[] = [];
  for (const name of readdirSync(folder).sort()) {
    const bytes = readFileSync(`${folder}/${name}`);
    if (bytes.length > 100_000 || !bytes.includes("sigstore.bundle.v0.3")) continue;
    const json = JSON.parse(bytes.toString("utf8")) as Json;
    if (isKeylessBundle(json)) bundles.push({ name, json, root, artifact: new Uint8Array() });
  }
  for (const variant of ["v0", "v2"]) {
    const at = (file: string) => fixturePath(`blobsig/blob-bundle-keyless/${variant}/${file}`);
    const artifact = new Uint8Array(readFileSync(at("artefact")));
    bundles.push({ name: `blob ${variant}`, json: readJson(at("bundle.json")), root, artifact });
  }
  return bundles;
}

const STATEMENT = buildAttestationStatement({
  name: "file",
  digest: digestOf(MESSAGE),
  predicateType: "https://example.com/scan/v1",
  predicate: {},
});

const witness = createSigningKey("ed25519");
const witnesses = (text: string): string =>
  noteLine("witness.example", Buffer.from("wwww"), witness.sign(encodeText(text)));

// @sigstore/verify takes a log's RSA key in PKIX for one in PKCS#1, and cannot read it.

/** Entries of every kind, in bundles of every version, and logs with every kind of key. */
export function madeBundles(): readonly GoodBundle[] {
  const make = (
    name: string,
    options: BundleOptions,
    kinds: InstanceKinds = { authority: "P-256" },
  ): GoodBundle => {
    const instance = createInstance(kinds);
    const { json } = makeBundle(instance, options);
    return { name, json, root: trustedRootJson(instance), artifact: MESSAGE };
  };
  const statement = STATEMENT;
  const witnessed = { stamped: true, log: { witnesses } };
  return [
    make("hashedrekord 0.0.1", { entry: "hashedrekord 0.0.1", ...witnessed }),
    make("dsse 0.0.1", { entry: "dsse 0.0.1", statement, version: "0.2" }),
    make("intoto 0.0.2", { entry: "intoto 0.0.2", statement, ...witnessed }),
    make("hashedrekord 0.0.2", { entry: "hashedrekord 0.0.2", statement, ...witnessed }),
    make("dsse 0.0.2", { entry: "dsse 0.0.2", statement, log: { witnesses } }),
    make("version 0.1", { entry: "hashedrekord 0.0.1", version: "0.1" }),
    make("P-384", { entry: "hashedrekord 0.0.2" }, {
      rekor2: "P-256",
      tsa: "P-384",
      ct: "P-384",
    }),
  ];
}

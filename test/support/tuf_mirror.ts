/** A TUF repository, made and signed here (theupdateframework specification 1.0). */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { encodeText } from "../../lib/base/bytes.ts";
import { sha256Hex } from "../../lib/base/hash.ts";
import type { GetFile } from "../../lib/trust/tuf.ts";

/** Settings of {@link createTufMirror}. */
export interface TufMirrorOptions {
  readonly targets: Readonly<Record<string, Uint8Array>>;
  /** When its metadata expires: in a year unless told. */
  readonly expires?: Date;
}

/** A repository in memory. */
export interface TufMirror {
  /** The first root. */
  readonly root: Uint8Array;
  /** Its files, by their path below the mirror. */
  readonly files: Map<string, Uint8Array>;
  /** Serves the files, and counts what was asked for. */
  readonly get: GetFile;
  readonly requests: string[];
}

/** Canonical JSON as TUF signs it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

interface SigningKey {
  readonly id: string;
  readonly secret: KeyObject;
  readonly json: unknown;
}

function makeKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const json = {
    keytype: "ed25519",
    scheme: "ed25519",
    keyval: { public: raw.toString("hex") },
  };
  return { id: sha256Hex(encodeText(canonical(json))), secret: privateKey, json };
}

function signed(value: Readonly<Record<string, unknown>>, key: SigningKey): Uint8Array {
  const sig = sign(null, encodeText(canonical(value)), key.secret).toString("hex");
  return encodeText(JSON.stringify({ signed: value, signatures: [{ keyid: key.id, sig }] }));
}

/** Make a repository. */
export function createTufMirror(
  { targets, expires = new Date(Date.now() + 365 * 86_400_000) }: TufMirrorOptions,
): TufMirror {
  const key = makeKey();
  const common = {
    spec_version: "1.0.31",
    version: 1,
    expires: expires.toISOString().replace(/\.\d+Z$/u, "Z"),
  };
  const role = { keyids: [key.id], threshold: 1 };
  const root = signed({
    _type: "root",
    ...common,
    consistent_snapshot: true,
    keys: { [key.id]: key.json },
    roles: { root: role, targets: role, snapshot: role, timestamp: role },
  }, key);
  const targetsJson = signed({
    _type: "targets",
    ...common,
    targets: Object.fromEntries(
      Object.entries(targets).map(([name, bytes]) => [
        name,
        { length: bytes.length, hashes: { sha256: sha256Hex(bytes) } },
      ]),
    ),
  }, key);
  const snapshot = signed({
    _type: "snapshot",
    ...common,
    meta: { "targets.json": { version: 1 } },
  }, key);
  const timestamp = signed({
    _type: "timestamp",
    ...common,
    meta: { "snapshot.json": { version: 1 } },
  }, key);
  const files = new Map<string, Uint8Array>([
    ["1.root.json", root],
    ["timestamp.json", timestamp],
    ["1.snapshot.json", snapshot],
    ["1.targets.json", targetsJson],
    ...Object.entries(targets).map(([name, bytes]) =>
      [`targets/${sha256Hex(bytes)}.${name}`, bytes] as const
    ),
  ]);
  const requests: string[] = [];
  return {
    root,
    files,
    requests,
    get(url) {
      const path = url.pathname.slice(1);
      requests.push(path);
      const body = files.get(path);
      return Promise.resolve(
        body === undefined ? { status: 404, body: new Uint8Array() } : { status: 200, body },
      );
    },
  };
}

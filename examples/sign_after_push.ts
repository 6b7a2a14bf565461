/**
 * In a build: push an image, sign the digest that the registry now has, and see that it verifies.
 *
 *   COSIGN_PASSWORD=… node examples/sign_after_push.ts cosign.key registry.example/app:1.0
 *
 * In a project of your own, import from "sigfleet".
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { $ } from "zx";
import {
  openRegistries,
  openSealedKey,
  parsePrivateKey,
  parseReference,
  resolveDigest,
  signDigest,
  systemClock,
  verifyDigest,
} from "../mod.ts";

const [keyFile = "cosign.key", image = ""] = process.argv.slice(2);
const { repository, tag = "latest" } = parseReference(image);

const password = new TextEncoder().encode(process.env["COSIGN_PASSWORD"] ?? "");
const key = parsePrivateKey(await openSealedKey(await readFile(keyFile, "utf8"), password));

await $`docker push ${image}`;

const remote = openRegistries({ env: process.env });
try {
  const pushed = await resolveDigest(remote, repository, tag);
  if (pushed === undefined) throw new Error(`${image} is not there after the push`);
  const commit = (await $`git rev-parse HEAD`).stdout.trim();
  const annotations = { commit };
  await signDigest(remote, repository, pushed, {
    key,
    annotations,
    formats: ["bundle", "legacy"],
    clock: systemClock,
    random: Math.random,
  });
  const policy = { keys: [{ name: keyFile, key: key.publicKey }], annotations };
  const verdict = await verifyDigest(remote, repository, pushed.digest, { policy });
  console.log(`${image}@${pushed.digest}: ${verdict.kind}`);
  process.exitCode = verdict.kind === "verified" ? 0 : 1;
} finally {
  await remote.close();
}

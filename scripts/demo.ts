#!/usr/bin/env node
/** The main job on a small fleet in an embedded registry: nothing else needs to run. */

import { Buffer } from "node:buffer";
import { decodeText, encodeText } from "../lib/base/bytes.ts";
import { VERSION } from "../lib/base/version.ts";
import type { FleetResult } from "../lib/fleet/fleet_result.ts";
import { signTags } from "../lib/fleet/sign_tags.ts";
import { parseTarget } from "../lib/fleet/target.ts";
import { verifyFleet } from "../lib/fleet/verify_fleet.ts";
import { generateKeyPair } from "../lib/keys/generate_key_pair.ts";
import { parsePrivateKey, type PrivateKey } from "../lib/keys/private_key.ts";
import { openSealedKey } from "../lib/keys/sealed_key.ts";
import type { Digest } from "../lib/reference/digest.ts";
import { parseRepository } from "../lib/reference/reference.ts";
import { attachmentTag } from "../lib/reference/triangulate.ts";
import { MEDIA_TYPES } from "../lib/registry/manifest.ts";
import { createMemoryRegistry, type MemoryRegistry } from "../lib/registry/memory.ts";
import { openRegistries, type Registries } from "../lib/registry/open_registries.ts";
import { serveRegistry } from "../lib/registry/serve.ts";
import { openReport } from "../lib/report/open_report.ts";
import { countVerdict, noVerdicts } from "../lib/report/summary.ts";
import type { SignatureFormat } from "../lib/signature/signature_format.ts";
import type { Io } from "./command/io.ts";
import { tableOptions } from "./command/outputs.ts";
import { runIfMain, type Task } from "./command/task.ts";

const REPOSITORIES = ["demo/api", "demo/web", "demo/worker", "demo/mirror"] as const;

/** What the demo expects to see, by image; all others are verified. */
const EXPECTED: Readonly<Record<string, string>> = {
  "demo/api:latest": "unsigned",
  "demo/worker:1.0": "failed",
  "demo/worker:nightly": "unsigned",
  "demo/mirror": "unknown",
};

/** Push an image of one small layer, and give its digest. */
function pushImage(
  registry: MemoryRegistry,
  repository: string,
  tag: string | undefined,
  text: string,
): Digest {
  const layer = encodeText(text);
  const config = encodeText(JSON.stringify({ architecture: "amd64", os: "linux", comment: text }));
  return registry.putManifest(
    repository,
    encodeText(JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: {
        mediaType: MEDIA_TYPES.ociConfig,
        size: config.length,
        digest: registry.putBlob(repository, config),
      },
      layers: [{
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        size: layer.length,
        digest: registry.putBlob(repository, layer),
      }],
    })),
    MEDIA_TYPES.ociManifest,
    ...(tag === undefined ? [] : [tag]),
  );
}

/** Push a multi-arch index over two images. */
function pushIndex(registry: MemoryRegistry, repository: string, tag: string): void {
  const manifests = ["amd64", "arm64"].map((architecture) => {
    const digest = pushImage(registry, repository, `${tag}-${architecture}`, architecture);
    const size = registry.manifest(repository, digest)!.bytes.length;
    return {
      mediaType: MEDIA_TYPES.ociManifest,
      size,
      digest,
      platform: { architecture, os: "linux" },
    };
  });
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
  registry.putManifest(
    repository,
    encodeText(JSON.stringify(index)),
    MEDIA_TYPES.ociIndex,
    tag,
  );
}

function pushFleet(registry: MemoryRegistry): void {
  pushImage(registry, "demo/api", "1.0", "api 1.0");
  registry.setTag("demo/api", "latest", pushImage(registry, "demo/api", "1.1", "api 1.1"));
  pushIndex(registry, "demo/web", "2.0");
  pushImage(registry, "demo/worker", "1.0", "worker 1.0");
  pushImage(registry, "demo/worker", "1.1", "worker 1.1");
  pushImage(registry, "demo/mirror", "1.0", "mirror 1.0");
}

/** Flip one bit of the signature that is stored for a tag. */
function tamper(registry: MemoryRegistry, repository: string, tag: string): void {
  const { digest } = registry.manifest(repository, tag)!;
  const signatureTag = attachmentTag(digest, "sig");
  const { bytes, mediaType } = registry.manifest(repository, signatureTag)!;
  const altered = decodeText(bytes).replace(
    /(?<="dev\.cosignproject\.cosign\/signature":")[^"]+/u,
    (signature) => {
      const raw = Buffer.from(signature, "base64");
      raw[raw.length - 1]! ^= 1;
      return raw.toString("base64");
    },
  );
  registry.putManifest(repository, encodeText(altered), mediaType, signatureTag);
}

async function makeKey(): Promise<PrivateKey> {
  const password = encodeText("demo");
  const { privateKeyPem } = await generateKeyPair(password);
  return parsePrivateKey(await openSealedKey(privateKeyPem, password));
}

async function signFleet(remote: Registries, host: string, key: PrivateKey, io: Io): Promise<void> {
  const sign = async (names: readonly string[], format: SignatureFormat): Promise<number> => {
    let tags = 0;
    const repositories = names.map((name) => parseRepository(`${host}/${name}`));
    for await (
      const tag of signTags(remote, repositories, {
        key,
        annotations: {},
        formats: [format],
        limit: 8,
        clock: io.clock,
        random: Math.random,
      })
    ) {
      if (tag.kind !== "done") throw new Error(`Cannot sign ${tag.image}`);
      tags++;
    }
    return tags;
  };
  const [api, web, worker, mirror] = REPOSITORIES;
  const bundles = await sign([api, web, mirror], "bundle");
  const legacy = await sign([worker], "legacy");
  await io.stdout.write(`Signed ${bundles} tags with bundles and ${legacy} in the old format.\n`);
}

async function verify(
  remote: Registries,
  host: string,
  { publicKey }: PrivateKey,
  io: Io,
): Promise<readonly FleetResult[]> {
  const startedAt = new Date(io.clock.now());
  const start = { tool: { name: "sigfleet", version: VERSION, runtime: io.runtime }, startedAt };
  const report = openReport("table", start, io.stdout, tableOptions(io));
  const counts = noVerdicts();
  const before = { ...remote.counters };
  const results: FleetResult[] = [];
  const targets = REPOSITORIES.map((name) => parseTarget(`${host}/${name}`));
  const policy = { keys: [{ name: "demo.pub", key: publicKey }], annotations: {} };
  for await (const result of verifyFleet(remote, targets, { policy, limit: 8 })) {
    countVerdict(counts, result.verdict.kind);
    results.push(result);
    await report.add(result);
  }
  const requests = remote.counters.requests - before.requests;
  const retries = remote.counters.retries - before.retries;
  const finishedAt = new Date(io.clock.now());
  await report.close({ finishedAt, summary: { ...counts, requests, retries } });
  return results;
}

const EXPLANATION = `
What you see:
  api:latest      unsigned: the tag was moved to a build that nobody signed
  worker:1.0      failed: one bit of its signature was flipped
  worker:nightly  unsigned: pushed after the signing
  mirror          unknown: its repository answers 503; no one says "unsigned" to that
  all others      verified: the multi-arch index and both its images, and each shared digest once

The same on your own registry:
  sigfleet generate-key-pair
  sigfleet sign-tags --key cosign.key registry.example/team/app
  sigfleet verify-fleet --key cosign.pub registry.example/team/app
`;

/** Show the main job. */
export const task: Task = {
  name: "demo",
  summary: "Sign and verify a small fleet in an embedded registry, with four things gone wrong",
  examples: [["demo", "needs no registry, no network and no key"]],
  define() {},
  async run(_args, _options, io) {
    let mirrorIsDown = false;
    const registry = createMemoryRegistry({
      fault: ({ url }) =>
        mirrorIsDown && String(url).includes("/demo/mirror/")
          ? { status: 503, headers: {}, body: encodeText("down for maintenance\n") }
          : undefined,
    });
    const server = await serveRegistry(registry);
    const remote = openRegistries({
      env: {},
      retry: { attempts: 3, firstDelay: 100, maxDelay: 1000 },
      signal: io.signal,
    });
    try {
      pushFleet(registry);
      await io.stdout.write(`A registry is at ${server.host}, with 9 tags in 4 repositories.\n`);
      const key = await makeKey();
      await signFleet(remote, server.host, key, io);
      registry.setTag("demo/api", "latest", pushImage(registry, "demo/api", undefined, "api next"));
      tamper(registry, "demo/worker", "1.0");
      pushImage(registry, "demo/worker", "nightly", "worker nightly");
      mirrorIsDown = true;
      await io.stdout.write(
        "Then a tag was moved, a signature altered, and a repository went down.\n\n",
      );
      const results = await verify(remote, server.host, key, io);
      await io.stdout.write(EXPLANATION);
      const surprises = results.filter(({ image, verdict }) =>
        verdict.kind !== (EXPECTED[image.slice(server.host.length + 1)] ?? "verified")
      );
      return surprises.length === 0 ? 0 : 1;
    } finally {
      await remote.close();
      await server.close();
    }
  },
};

await runIfMain(import.meta.url, task);

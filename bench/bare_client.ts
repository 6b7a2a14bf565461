/**
 * The requests of a verification and nothing else: for each reference on standard input HEAD its tag
 * and GET its signature's manifest, with our HTTP client, and throw the answers away. Whatever a
 * verifier built on this client does beyond that costs it time; this is its upper bound.
 *
 *     node bench/bare_client.ts < references.txt
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { type HttpRequest, openHttp } from "../lib/base/http.ts";
import { MAX_MANIFEST_BYTES } from "../lib/base/limits.ts";
import { parseDigest } from "../lib/reference/digest.ts";
import { parseReference } from "../lib/reference/reference.ts";
import { attachmentTag } from "../lib/reference/triangulate.ts";
import { ACCEPT_MANIFESTS } from "../lib/registry/manifest.ts";
import type { BareClientResult } from "./contenders.ts";

/** Images at a time, as many as verify-fleet and verifybulk work on. */
const WORKERS = 32;

const http = openHttp({ connections: WORKERS });
const headers = { accept: ACCEPT_MANIFESTS };
let requests = 0;

async function ask(
  method: HttpRequest["method"],
  url: URL,
): Promise<Readonly<Record<string, string>>> {
  requests++;
  const { status, headers: answered } = await http.send({
    method,
    url,
    headers,
    maxBytes: MAX_MANIFEST_BYTES,
    deadline: 30_000,
  });
  if (status !== 200) throw new Error(`${method} ${url.href} was answered ${status}`);
  return answered;
}

async function fetchSignature(text: string): Promise<void> {
  const { repository: { registry, path }, tag } = parseReference(text);
  const manifests = `http://${registry}/v2/${path}/manifests/`;
  const answered = await ask("HEAD", new URL(`${manifests}${tag}`));
  const digest = parseDigest(answered["docker-content-digest"] ?? "");
  await ask("GET", new URL(`${manifests}${attachmentTag(digest, "sig")}`));
}

const references: string[] = [];
for await (const line of createInterface({ input: process.stdin })) references.push(line);

const startedAt = performance.now();
const queue = references.values();
const lane = async (): Promise<void> => {
  for (const reference of queue) await fetchSignature(reference);
};
await Promise.all(Array.from({ length: WORKERS }, lane));
const seconds = (performance.now() - startedAt) / 1000;
await http.close();

const result: BareClientResult = { images: references.length, requests, seconds };
console.log(JSON.stringify(result));

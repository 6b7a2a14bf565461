/** The real programs that the tests are run against, and tests that need them. */

import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";

/** Peers that `../shared/peers/install.sh` builds, and Debian's packages docker-registry, apache2-utils and openssl. */
export type Peer =
  | "cosign1"
  | "cosign2"
  | "cosign3"
  | "crane"
  | "refregistry"
  | "distribution"
  | "docker-registry"
  | "htpasswd"
  | "openssl";

/** A test that hangs says so before the suite is given up. */
const TEST_TIMEOUT = 60_000;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findPeer(peer: Peer): string | undefined {
  const built = process.env["PEERS_DIR"] ?? join(homedir(), ".cache", "sigfleet-peers");
  const folders = [built, ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, peer)).find(isExecutable);
}

/** Where a peer is installed. */
export function peerPath(peer: Peer): string {
  const path = findPeer(peer);
  assert(path !== undefined, `${peer} is not installed`);
  return path;
}

/**
 * Define a test that needs peers: skipped with a word where one is not installed, and failed if
 * SIGFLEET_PEERS is `required`, as `.ci/run` sets it.
 */
export function peerTest(
  name: string,
  peers: readonly Peer[],
  body: (context: TestContext) => Promise<void>,
): void {
  const missing = peers.filter((peer) => findPeer(peer) === undefined);
  const required = process.env["SIGFLEET_PEERS"] === "required";
  const skip = missing.length > 0 && !required && `not installed: ${missing.join(", ")}`;
  test(name, { timeout: TEST_TIMEOUT, skip }, async (context) => {
    assert.deepEqual(missing, [], "these peers are required, and not installed");
    await body(context);
  });
}

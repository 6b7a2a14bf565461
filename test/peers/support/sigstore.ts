/** Tests that need real Sigstore services. */

import process from "node:process";
import { test, type TestContext } from "node:test";
import { type Peer, peerTest } from "./peers.ts";
import { openSigstore, type Sigstore } from "./sigstore_folder.ts";

/**
 * Define a test that needs the services and peers: SIGFLEET_SIGSTORE names the services' folder, as
 * `.ci/run` sets it.
 */
export function sigstoreTest(
  name: string,
  peers: readonly Peer[],
  body: (context: TestContext, sigstore: Sigstore) => Promise<void>,
): void {
  const folder = process.env["SIGFLEET_SIGSTORE"];
  if (folder === undefined && process.env["SIGFLEET_PEERS"] !== "required") {
    test(name, { skip: "SIGFLEET_SIGSTORE names no folder of running services" }, () => {});
    return;
  }
  peerTest(name, peers, async (context) => {
    if (folder === undefined) throw new Error("the services are required: set SIGFLEET_SIGSTORE");
    await body(context, openSigstore(folder));
  });
}

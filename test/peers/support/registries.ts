/** Real registries on loopback. */

import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Peer, peerPath } from "./peers.ts";
import { type Running, runProgram, startProgram } from "./run_program.ts";
import type { Sandbox } from "./sandbox.ts";
import { assertDone } from "./sigfleet.ts";
import { startTokenServer } from "./token_server.ts";

/** A registry that answers. */
export interface PeerRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Stop it now; it is stopped after the test in any case. */
  stop(): Promise<void>;
}

/** A kind of registry, and how one is started. */
export interface RegistryKind {
  readonly name: string;
  readonly peers: readonly Peer[];
  /** Whether it has the referrers API; else clients keep the fallback tag. */
  readonly hasReferrers: boolean;
  /** Prepare it: credentials, configuration; then say how it is started on a port. */
  readonly prepare: (
    sandbox: Sandbox,
    context: TestContext,
  ) => Promise<(address: string) => Promise<readonly [path: string, args: readonly string[]]>>;
}

const USER = "fleet";
const USER_PASSWORD = "s3cret:with-colon";

/** Ports are taken by chance; somebody else may be faster. */
const PORT_ATTEMPTS = 5;

const READY_TIMEOUT = 10_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The configuration of distribution and of docker-registry, which is distribution 2. */
async function configure(
  sandbox: Sandbox,
  address: string,
  auth: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  // JSON is YAML.
  return await sandbox.write(
    "registry.yml",
    JSON.stringify({
      version: 0.1,
      log: { level: "error", accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: sandbox.path("storage") },
        delete: { enabled: true },
      },
      http: { addr: address, secret: "test" },
      ...auth,
    }),
  );
}

/** Log in as `docker login` does where there is no credential helper. */
async function logIn(sandbox: Sandbox, address: string): Promise<void> {
  const auth = Buffer.from(`${USER}:${USER_PASSWORD}`).toString("base64");
  await mkdir(sandbox.path("docker"), { recursive: true });
  await writeFile(
    join(sandbox.path("docker"), "config.json"),
    JSON.stringify({ auths: { [address]: { auth } } }),
  );
}

/** The registries without authentication, or with it, on which everything must work alike. */
export const REGISTRY_KINDS: readonly RegistryKind[] = [
  {
    name: "crane registry serve",
    peers: ["crane"],
    hasReferrers: false,
    prepare: () =>
      Promise.resolve((address) =>
        Promise.resolve([peerPath("crane"), ["registry", "serve", "--address", address]])
      ),
  },
  {
    name: "refregistry",
    peers: ["refregistry"],
    hasReferrers: false,
    prepare: () =>
      Promise.resolve((address) =>
        Promise.resolve([peerPath("refregistry"), ["--address", address]])
      ),
  },
  {
    name: "refregistry with referrers",
    peers: ["refregistry"],
    hasReferrers: true,
    prepare: () =>
      Promise.resolve((address) =>
        Promise.resolve([peerPath("refregistry"), ["--address", address, "--referrers"]])
      ),
  },
  {
    name: "distribution 3",
    peers: ["distribution"],
    hasReferrers: false,
    prepare: (sandbox) =>
      Promise.resolve(async (address) => [
        peerPath("distribution"),
        ["serve", await configure(sandbox, address)],
      ]),
  },
  {
    name: "distribution 3 with tokens",
    peers: ["distribution"],
    hasReferrers: false,
    async prepare(sandbox, context) {
      const { realm, issuer, service, jwks, stop } = await startTokenServer(USER, USER_PASSWORD);
      context.after(stop);
      const token = { realm, issuer, service, jwks: await sandbox.write("jwks.json", jwks) };
      return async (address) => {
        await logIn(sandbox, address);
        const config = await configure(sandbox, address, { auth: { token } });
        return [peerPath("distribution"), ["serve", config]];
      };
    },
  },
  {
    name: "docker-registry 2.8 with a password",
    peers: ["docker-registry", "htpasswd"],
    hasReferrers: false,
    async prepare(sandbox) {
      const { env } = sandbox;
      const made = await runProgram(
        peerPath("htpasswd"),
        ["-B", "-C", "4", "-n", "-i", USER],
        { env, input: USER_PASSWORD },
      );
      assertDone(made, "htpasswd");
      const path = await sandbox.write("htpasswd", made.stdout);
      return async (address) => {
        await logIn(sandbox, address);
        const auth = { htpasswd: { realm: "fleet", path } };
        return [peerPath("docker-registry"), [
          "serve",
          await configure(sandbox, address, { auth }),
        ]];
      };
    },
  },
];

/** The kind with a name. */
export function registryKind(name: string): RegistryKind {
  return REGISTRY_KINDS.find((kind) => kind.name === name)!;
}

/** Wait until a server gives any answer, or has ended. */
async function isReady(program: Running, address: string): Promise<boolean> {
  const until = Date.now() + READY_TIMEOUT;
  while (Date.now() < until && program.isAlive()) {
    try {
      const response = await fetch(`http://${address}/v2/`);
      await response.arrayBuffer();
      return program.isAlive();
    } catch {
      await sleep(25);
    }
  }
  return false;
}

/** Start a registry for a test. */
export async function startRegistry(
  context: TestContext,
  kind: RegistryKind,
  sandbox: Sandbox,
): Promise<PeerRegistry> {
  const commandOn = await kind.prepare(sandbox, context);
  let words = "";
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const address = `127.0.0.1:${await freePort()}`;
    const [path, args] = await commandOn(address);
    const program = startProgram(path, args, { env: sandbox.env, cwd: sandbox.folder });
    if (await isReady(program, address)) {
      const stop = () => program.stop();
      context.after(stop);
      return { address, stop };
    }
    await program.stop();
    words = program.stderr();
  }
  throw new Error(`${kind.name} does not start: ${words}`);
}

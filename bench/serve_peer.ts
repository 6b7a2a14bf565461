import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";

/** A registry program that runs. */
export interface PeerRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(host: string): Promise<boolean> {
  try {
    return (await fetch(`http://${host}/v2/`)).ok;
  } catch {
    return false;
  }
}

async function untilItAnswers(child: ChildProcess, host: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`The registry ended with ${child.exitCode}`);
    if (child.pid !== undefined && await answers(host)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The registry on ${host} does not answer`);
}

/** Start go-containerregistry's in-memory registry, without the referrers API, on a free port. */
export async function servePeer(refregistry: string): Promise<PeerRegistry> {
  const host = `127.0.0.1:${await freePort()}`;
  const child = spawn(refregistry, ["--address", host], { stdio: "ignore" });
  const ended = new Promise<void>((resolve, reject) => {
    child.on("close", () => resolve());
    child.on("error", reject);
  });
  const up = untilItAnswers(child, host);
  // That it could not be started is said by `ended`; that it ended, by the other.
  await Promise.race([up, ended.then(() => up)]);
  return {
    host,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

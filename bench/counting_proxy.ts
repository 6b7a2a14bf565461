import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that counts. It costs time, so nothing is timed through it. */
export interface CountingProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Requests since the last call. */
  take(): number;
  close(): Promise<void>;
}

/** Put a proxy before a registry, to count the requests of whoever asks through it. */
export async function countRequests(registry: string): Promise<CountingProxy> {
  let requests = 0;
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    requests++;
    const { method, url, headers } = incoming;
    const onward = request(`http://${registry}${url}`, { method, headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    // Whoever asked sees a broken connection, asks again, and is counted again.
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = requests;
      requests = 0;
      return taken;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

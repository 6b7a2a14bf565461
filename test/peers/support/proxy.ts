/** A proxy before a registry, that fails where it is told to. */

import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** What becomes of a request instead of being passed on. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is cut. */
  | "reset";

/** A running proxy. */
export interface Proxy {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** `METHOD /path`, in the order in which they came. */
  readonly requests: readonly string[];
  /** Decide about each request from now on. */
  failing(
    decide: (line: string, index: number) => Fault | Promise<Fault | undefined> | undefined,
  ): void;
}

/** Start a proxy that passes everything on until told otherwise. */
export async function startProxy(context: TestContext, upstream: string): Promise<Proxy> {
  const requests: string[] = [];
  let decide: Parameters<Proxy["failing"]>[0] = () => undefined;
  const server = createServer((asked, answer) => {
    const line = `${asked.method} ${asked.url}`;
    void (async () => {
      const fault = await decide(line, requests.push(line) - 1);
      if (fault === "reset") return void asked.socket.destroy();
      if (fault !== undefined) return void answer.writeHead(fault.status, fault.headers).end();
      const passed = request(`http://${upstream}${asked.url}`, {
        method: asked.method,
        headers: asked.headers,
      });
      passed.on("error", () => asked.socket.destroy());
      passed.on("response", (got) => {
        answer.writeHead(got.statusCode!, got.headers);
        got.pipe(answer);
      });
      asked.pipe(passed);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    failing(next) {
      decide = next;
    },
  };
}

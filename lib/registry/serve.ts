import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { concatBytes } from "../base/bytes.ts";
import { answer, type MemoryAnswer } from "./memory_answer.ts";
import type { MemoryRegistry } from "./memory.ts";

/** The largest body taken: a layer in one piece must fit, and the registry lives in memory. */
const MAX_BODY_BYTES = 512 * 1024 * 1024;

/** Where to listen. */
export interface ServeOptions {
  /** An address of this machine: 127.0.0.1 unless told. */
  readonly host?: string;
  /** A free one unless told. */
  readonly port?: number;
}

/** A registry on a port. */
export interface RegistryServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** `127.0.0.1:PORT`, as image references name it. */
  readonly host: string;
  /** Stop, and cut the connections that are open. */
  close(): Promise<void>;
}

/** The body of a request; nothing if it is too large. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of incoming as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return concatBytes(parts);
}

/** Send an answer, or break the exchange as it says. */
function send(outgoing: ServerResponse, { status, headers, body, wire }: MemoryAnswer): void {
  switch (wire) {
    case "stall":
      return;
    case "reset":
      outgoing.socket?.destroy();
      return;
    case "truncate":
      outgoing.writeHead(status, headers);
      outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => {
        outgoing.socket?.destroy();
      });
      return;
    case undefined:
      outgoing.writeHead(status, headers);
      outgoing.end(body);
      return;
    default:
      return wire satisfies never;
  }
}

/**
 * Serve a registry over plain HTTP, for as long as it is not closed.
 *
 * An answer that a fault marked with `wire` breaks its connection accordingly.
 */
export async function serveRegistry(
  registry: Pick<MemoryRegistry, "handle">,
  { host = "127.0.0.1", port = 0 }: ServeOptions = {},
): Promise<RegistryServer> {
  const exchange = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/", headers } = incoming;
    const bodiless = method === "GET" || method === "HEAD";
    const body = bodiless ? new Uint8Array() : await readBody(incoming);
    send(
      outgoing,
      body === undefined ? answer(413, { connection: "close" }) : await registry.handle({
        method,
        url,
        // Only Set-Cookie comes as a list, and no client sends that.
        headers: headers as Record<string, string>,
        body,
      }),
    );
  };
  const server = createServer((incoming, outgoing) => {
    // What fails here is a client that went away in mid body, or a fault that throws.
    exchange(incoming, outgoing).catch(() => outgoing.destroy());
  });
  // Node's 5 s would cut idle connections of a client just as it uses them again.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${bound}`;
  return {
    url: `http://${authority}`,
    host: authority,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => error === undefined ? resolve() : reject(error));
        server.closeAllConnections();
      }),
  };
}

import assert from "node:assert/strict";
import { createServer, request as forward } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { openRegistries } from "../../lib/registry/open_registries.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { serveRegistry } from "../../lib/registry/serve.ts";
import { pushImage } from "../support/served_registry.ts";

/** A proxy that leads every name to one address, and keeps what it was asked for. */
async function serveProxy(target: string) {
  const asked: string[] = [];
  const [host = "", port = ""] = target.split(":");
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/");
    asked.push(url.host);
    const { method, headers } = incoming;
    incoming.pipe(
      forward({ host, port, method, headers, path: url.pathname + url.search }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      }),
    );
  });
  server.on("connect", (incoming, socket) => {
    asked.push(incoming.url ?? "");
    const through = connect(Number(port), host, () => {
      socket.write(encodeText("HTTP/1.1 200 OK\r\n\r\n"));
      through.pipe(socket).pipe(through);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url, asked, close };
}

test("openRegistries() goes through the proxy that the environment names, but not to loopback", async (t) => {
  const registry = createMemoryRegistry();
  pushImage(registry, "team/app", "1.0");
  const server = await serveRegistry(registry);
  const proxy = await serveProxy(server.host);
  const remote = openRegistries({
    env: { HTTP_PROXY: proxy.url, NO_PROXY: "direct.example" },
    allowHttp: true,
    retry: { attempts: 1, firstDelay: 1, maxDelay: 1 },
  });
  t.after(async () => {
    await remote.close();
    proxy.close();
    await server.close();
  });

  const away = { registry: "registry.example:5000", path: "team/app" };
  assert.notEqual(await resolveDigest(remote, away, "1.0"), undefined);
  assert.ok(
    proxy.asked.length > 0 && proxy.asked.every((name) => name.includes("registry.example")),
  );

  const before = proxy.asked.length;
  const here = { registry: server.host, path: "team/app" };
  assert.notEqual(await resolveDigest(remote, here, "1.0"), undefined);
  assert.equal(proxy.asked.length, before);
});

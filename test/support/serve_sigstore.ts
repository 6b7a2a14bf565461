/** The services in memory on a port, each below a path of its own. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { HttpRequest, HttpResponse } from "../../lib/base/http.ts";
import { buildSigningConfig, type Service } from "../../lib/sign/signing_config.ts";
import { answer, type FakeSigstore } from "./fake_sigstore.ts";

/** Where the services are, and a signing config that says so. */
export interface ServedSigstore {
  /** The address of `fulcio`, `rekor1`, `rekor2`, `tsa` or `issuer`. */
  readonly url: (name: string) => string;
  readonly signingConfig: (rekor: 1 | 2) => Uint8Array;
}

/** Serve them until the test is over. */
export async function serveSigstore(
  context: TestContext,
  { send }: FakeSigstore,
): Promise<ServedSigstore> {
  const server = createServer((request, response) => {
    void (async () => {
      const parts: Uint8Array[] = [];
      for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part);
      const [, name = "", path = ""] = /^\/(\w+)(.*)$/u.exec(request.url ?? "") ?? [];
      const { status, headers, body } = await send({
        method: request.method as HttpRequest["method"],
        url: new URL(`https://${name}.test${path}`),
        headers: request.headers as Record<string, string>,
        body: new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer()),
        maxBytes: 1,
        deadline: 1,
      });
      response.writeHead(status, headers).end(body);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const url = (name: string): string => `http://127.0.0.1:${port}/${name}`;
  const service = (name: string, version = 1): Service => ({
    url: url(name),
    majorApiVersion: version,
    validFrom: 0,
    operator: "test",
  });
  return {
    url,
    signingConfig: (rekor) =>
      buildSigningConfig({
        certificateAuthorities: [service("fulcio")],
        oidcProviders: [service("issuer")],
        logs: [service(`rekor${rekor}`, rekor)],
        logSelector: { kind: "ANY" },
        timestampAuthorities: [service("tsa")],
        timestampSelector: { kind: "ANY" },
      }),
  };
}

/** What an issuer answers that signs somebody in. */
export interface Issuing {
  readonly served: ServedSigstore;
  /** The answers of the token endpoint, by the form that is sent. */
  readonly token: (form: URLSearchParams) => HttpResponse;
  /** The answer of the device endpoint, if there is one. */
  readonly device?: Readonly<Record<string, unknown>>;
}

/** Let the issuer sign somebody in; the other services answer as they do. */
export function issueTokens(sigstore: FakeSigstore, { served, token, device }: Issuing): void {
  const issuer = served.url("issuer");
  sigstore.intercept = ({ url: { host, pathname }, body }) => {
    if (host !== "issuer.test") return undefined;
    if (pathname === "/device") return answer(200, device);
    if (pathname === "/token") return token(new URLSearchParams(new TextDecoder().decode(body)));
    return answer(200, {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      ...(device === undefined ? {} : { device_authorization_endpoint: `${issuer}/device` }),
    });
  };
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { decodeText } from "../../lib/base/bytes.ts";
import { HttpError, openHttp, type TlsOptions } from "../../lib/base/http.ts";

function readVector(name: string): string {
  return readFileSync(new URL(`../vectors/tls/${name}`, import.meta.url), "utf8");
}

const CERTIFICATE = readVector("registry.crt");
const KEY = readVector("registry.key");

/** Who is asked for at 127.0.0.1, with what is trusted, and what then comes of it. */
const CASES: readonly (readonly [string, TlsOptions, string | undefined])[] = [
  ["nothing", {}, undefined],
  ["the certificate", { ca: CERTIFICATE }, undefined],
  ["the certificate, by its name", { ca: CERTIFICATE, servername: "registry.example" }, "-"],
  ["the certificate, by another name", { ca: CERTIFICATE, servername: "other.example" }, undefined],
  ["whoever answers", { insecure: true }, "-"],
  [
    "the certificate, by its name, and shows one",
    { ca: CERTIFICATE, servername: "registry.example", cert: CERTIFICATE, key: KEY },
    "registry.example",
  ],
];

for (const [client, requestsBefore] of Object.entries({ platform: Infinity, undici: 0 })) {
  for (const [trusted, tls, expected] of CASES) {
    test(`send() over TLS, where it trusts ${trusted} (${client})`, async () => {
      const server = createServer(
        { cert: CERTIFICATE, key: KEY, requestCert: true, rejectUnauthorized: false },
        ({ socket }, response) => {
          response.end((socket as TLSSocket).getPeerCertificate()?.subject?.CN ?? "-");
        },
      );
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const http = openHttp({ connections: 1, tls, requestsBefore });
      try {
        const answer = http.send({
          method: "GET",
          url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`),
          headers: {},
          maxBytes: 1000,
          deadline: 5000,
        });
        if (expected !== undefined) assert.equal(decodeText((await answer).body), expected);
        else {
          await assert.rejects(answer, (error) => {
            return error instanceof HttpError && error.failure === "network";
          });
        }
      } finally {
        await http.close();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    });
  }
}

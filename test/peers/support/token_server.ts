/** A token server as distribution's `auth: token` wants one (distribution docs/spec/auth/token.md). */

import { Buffer } from "node:buffer";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A running token server. */
export interface TokenServer {
  /** Where tokens are given. */
  readonly realm: string;
  readonly issuer: string;
  readonly service: string;
  /** The key that tokens are checked with, as a JWK set. */
  readonly jwks: string;
  /** Scopes that were asked for. */
  readonly scopes: readonly string[];
  stop(): Promise<void>;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** `repository:team/app:pull,push` as the token's claim has it. */
function accessOf(scope: string): object {
  const [type, ...rest] = scope.split(":");
  const actions = rest.pop()!.split(",");
  return { type, name: rest.join(":"), actions };
}

/** Start a server that gives tokens to one user, and to nobody else. */
export async function startTokenServer(user: string, password: string): Promise<TokenServer> {
  const issuer = "sigfleet test issuer";
  const service = "sigfleet test registry";
  const kid = "test-key";
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" };
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const scopes: string[] = [];

  const tokenFor = (asked: readonly string[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      sub: user,
      aud: service,
      iat: now,
      nbf: now - 10,
      exp: now + 300,
      jti: randomUUID(),
      access: asked.map(accessOf),
    };
    const text = `${encode({ alg: "ES256", typ: "JWT", kid })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(text), {
      key: privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return `${text}.${signature.toString("base64url")}`;
  };

  const server = createServer(({ url, headers }, response) => {
    if (headers.authorization !== basic) return void response.writeHead(401).end();
    const asked = new URL(url!, "http://token").searchParams.getAll("scope")
      .flatMap((scope) => scope.split(" ")).filter((scope) => scope !== "");
    scopes.push(...asked);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ token: tokenFor(asked), expires_in: 300 }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    // A name: go-containerregistry 0.22 sends no credentials to a private address (its #2258).
    realm: `http://localhost:${port}/token`,
    issuer,
    service,
    jwks: JSON.stringify({ keys: [jwk] }),
    scopes,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { UsageError } from "../../lib/base/errors.ts";
import {
  IdentityError,
  type IdentityToken,
  parseIdentityToken,
} from "../../lib/sign/identity_token.ts";
import {
  discover,
  exchangeCode,
  makeChallenge,
  type OidcClient,
  randomWord,
  signInAddress,
} from "../../lib/sign/oidc.ts";
import type { Io } from "./io.ts";

/** Milliseconds for somebody to sign in. */
const PATIENCE = 120_000;

/** Where the code is shown instead of being brought back. */
const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";

const PAGE = "<!doctype html><title>sigfleet</title><p>You are signed in; you can close this page.";

/** The programs that open a browser, by platform. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Open an address in the user's browser; false where there is none. */
async function openBrowser(url: URL, { env }: Io): Promise<boolean> {
  const [program = "", ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const desktop = OPENERS[process.platform] !== undefined ||
    (env["DISPLAY"] ?? env["WAYLAND_DISPLAY"] ?? "") !== "";
  if (!desktop) return false;
  const child = spawn(program, [...args, url.href], { stdio: "ignore", detached: true });
  child.unref();
  try {
    await once(child, "spawn");
    return true;
  } catch {
    return false;
  }
}

/** Wait for a browser to bring the code that belongs to `state`. */
interface Listener {
  readonly redirect: string;
  readonly code: Promise<string>;
  close(): void;
}

async function listen(redirectUrl: string | undefined, state: string): Promise<Listener> {
  const wanted = new URL(redirectUrl ?? "http://localhost:0/auth/callback");
  let give: (code: string) => void;
  let fail: (error: Error) => void;
  const code = new Promise<string>((resolve, reject) => {
    give = resolve;
    fail = reject;
  });
  code.catch(() => {});
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", wanted);
    // Anybody on this machine can ask; only the issuer knows the state.
    if (pathname !== wanted.pathname || searchParams.get("state") !== state) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/html", connection: "close" }).end(PAGE);
    const found = searchParams.get("code");
    if (found !== null) return give(found);
    const error = searchParams.get("error") ?? "it brought no code";
    fail(new IdentityError(`Cannot sign in with a browser: ${error.slice(0, 80)}`));
  });
  server.listen(Number(wanted.port || 0), wanted.hostname);
  await once(server, "listening");
  wanted.port = String((server.address() as AddressInfo).port);
  return {
    redirect: wanted.href,
    code,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function withPatience(code: Promise<string>, io: Io): Promise<string> {
  const stop = new AbortController();
  const late = io.clock.sleep(PATIENCE, AbortSignal.any([io.signal, stop.signal])).then(() => {
    throw new IdentityError("Cannot sign in with a browser: nobody did in time");
  });
  try {
    return await Promise.race([code, late]);
  } finally {
    stop.abort();
    late.catch(() => {});
  }
}

/**
 * Get a token for somebody who signs in with a browser (OpenID Connect Core 1.0 §3.1, RFC 7636, RFC
 * 8252): one that is opened here and brings a code back, or else any, whose code is typed.
 */
export async function browserToken(
  client: OidcClient,
  redirectUrl: string | undefined,
  io: Io,
): Promise<IdentityToken> {
  if (redirectUrl !== undefined && !/^http:\/\/(?:localhost|127\.0\.0\.1)\b/u.test(redirectUrl)) {
    throw new UsageError("Cannot use --oidc-redirect-url: want an http address on this machine");
  }
  const endpoints = await discover(client);
  const words = { state: randomWord(), nonce: randomWord(), challenge: makeChallenge() };
  const listener = await listen(redirectUrl, words.state);
  try {
    let { redirect } = listener;
    let url = signInAddress(endpoints, client, { ...words, redirect });
    let code: string;
    if (await openBrowser(url, io)) {
      await io.stderr.write(`Your browser will now be opened to:\n${url.href}\n`);
      code = await withPatience(listener.code, io);
    } else {
      redirect = OUT_OF_BAND;
      url = signInAddress(endpoints, client, { ...words, redirect });
      await io.stderr.write(`Go to the following link in a browser:\n\n\t ${url.href}\n`);
      code = (await io.stdin.ask("Enter verification code: ", { hidden: true })).trim();
    }
    const token = await exchangeCode(client, endpoints, {
      code,
      redirect,
      challenge: words.challenge,
    });
    return parseIdentityToken(token, io.clock.now(), words.nonce);
  } finally {
    listener.close();
  }
}

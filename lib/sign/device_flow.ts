import * as v from "valibot";
import type { Clock } from "../base/clock.ts";
import { parseJson } from "../base/json.ts";
import { IdentityError } from "./identity_token.ts";
import { discover, makeChallenge, type OidcClient, postForm, SCOPE } from "./oidc.ts";

/** What somebody must be told to sign in on another device. */
export interface DeviceCode {
  readonly userCode: string;
  readonly address: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Settings of {@link deviceToken}. */
export interface DeviceFlowOptions {
  readonly client: OidcClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly tell: (code: DeviceCode) => Promise<void>;
}

/** Issuers that name no interval mean this, in seconds (RFC 8628 §3.2). */
const DEFAULT_INTERVAL = 5;
/** What an issuer's "slow_down" adds, in seconds (§3.5). */
const SLOW_DOWN = 5;
/** However long an issuer lets a code live, nobody is waited for longer; in seconds. */
const MAX_WAIT = 30 * 60;

const Seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const DeviceSchema = v.object({
  device_code: v.string(),
  user_code: v.string(),
  verification_uri: v.string(),
  verification_uri_complete: v.optional(v.string()),
  expires_in: Seconds,
  interval: v.optional(Seconds, DEFAULT_INTERVAL),
});

const PollSchema = v.object({
  id_token: v.optional(v.string()),
  error: v.optional(v.string(), "no token"),
});

/** Statuses with which issuers say that nobody has signed in yet: RFC 8628 wants 400, dex says 401. */
const POLL_STATUSES = [200, 400, 401, 403, 428];

/**
 * Get a token for somebody who signs in on another device (RFC 8628).
 *
 * @throws {ServiceError}
 * @throws {IdentityError} if nobody does in time, or it is denied
 */
export async function deviceToken(
  { client, clock, signal, tell }: DeviceFlowOptions,
): Promise<string> {
  const endpoints = await discover(client);
  if (endpoints.device === undefined) {
    throw new IdentityError(
      `Cannot sign in on another device: ${client.issuer.slice(0, 200)} does not offer it`,
    );
  }
  const { verifier, challenge } = makeChallenge();
  const answer = await postForm(client, endpoints.device, {
    scope: SCOPE,
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  const device = parseJson("the issuer's answer", answer, DeviceSchema);
  const address = device.verification_uri_complete ?? device.verification_uri;
  const expiresIn = Math.min(device.expires_in, MAX_WAIT);
  await tell({ userCode: device.user_code, address, expiresIn });

  const until = clock.now() + expiresIn * 1000;
  let interval = device.interval;
  while (clock.now() < until) {
    const polled = await postForm(client, endpoints.token, {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: device.device_code,
      scope: SCOPE,
      code_verifier: verifier,
    }, POLL_STATUSES);
    const { id_token: token, error } = parseJson("the issuer's answer", polled, PollSchema);
    if (token !== undefined) return token;
    if (error === "slow_down") interval += SLOW_DOWN;
    else if (error !== "authorization_pending") {
      throw new IdentityError(`Cannot sign in on another device: ${error.slice(0, 80)}`);
    }
    await clock.sleep(interval * 1000, signal);
  }
  throw new IdentityError("Cannot sign in on another device: nobody did in time");
}

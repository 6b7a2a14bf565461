import { DEFAULT_LOG_RATE } from "../base/limits.ts";
import type { Clock } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import { openBudget } from "./budget.ts";
import { certificateSigner } from "./certificate_signer.ts";
import type { TokenSource } from "./identity_token.ts";
import { witnessedKeySigner } from "./key_signer.ts";
import type { SelectedServices } from "./select_services.ts";
import { keySigner } from "./key_signer.ts";
import type { ContentSigner } from "./signer.ts";
import type { Services } from "./services.ts";
import type { Witnesses } from "./witness.ts";

/** Certificates a second; one serves for minutes. */
const CERTIFICATE_RATE = 1;

/** Settings of {@link openSigner}. */
export interface SignerOptions {
  readonly services: Services;
  /** Which of them are used. */
  readonly selected: SelectedServices;
  /** Who signs: a key, or whoever the tokens say. */
  readonly by: { readonly key: PrivateKey } | { readonly token: TokenSource };
  /** Log entries a second, without bound where it is 0; {@link DEFAULT_LOG_RATE} unless told. */
  readonly logRate?: number | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Without a proven time nobody can tell that the certificate was valid when it was used. */
function checkTime({ logs, timestampAuthorities }: SelectedServices): void {
  if (timestampAuthorities.length > 0 || logs.some(({ version }) => version === 1)) return;
  throw new UsageError(
    "Cannot sign without a key: want a timestamp authority or a Rekor v1 log, since a certificate " +
      "is valid for minutes and a Rekor v2 log tells no time",
  );
}

/**
 * Open a signer: with a key whose signatures are witnessed as the selection says, or without a key of
 * one's own.
 *
 * @throws {UsageError} if the selection cannot serve
 */
export function openSigner(
  { services, selected, by, logRate = DEFAULT_LOG_RATE, clock, signal }: SignerOptions,
): ContentSigner {
  const { logs, timestampAuthorities, fulcioUrl } = selected;
  const witnesses: Witnesses = {
    services,
    logs,
    timestampAuthorities,
    logBudget: openBudget(logRate, clock, signal),
  };
  if ("key" in by) {
    const alone = logs.length === 0 && timestampAuthorities.length === 0;
    return alone ? keySigner(by.key) : witnessedKeySigner(by.key, witnesses);
  }
  if (fulcioUrl === undefined) {
    throw new UsageError("Cannot sign without a key: no certificate authority is named");
  }
  checkTime(selected);
  return certificateSigner({
    witnesses,
    fulcioUrl,
    certificateBudget: openBudget(CERTIFICATE_RATE, clock, signal),
    token: by.token,
    clock,
  });
}

import { UsageError } from "../base/errors.ts";
import type { Selector, Service, SigningConfig } from "./signing_config.ts";
import type { LogService } from "./witness.ts";

/** The services of one run. */
export interface SelectedServices {
  readonly fulcioUrl?: string | undefined;
  readonly oidcIssuer?: string | undefined;
  readonly logs: readonly LogService[];
  readonly timestampAuthorities: readonly string[];
}

/** What is to be selected, and how. */
export interface SelectionOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A number from 0 up to 1. */
  readonly random: () => number;
  /** Versions of Rekor's API; legacy signatures cannot hold what version 2 gives. */
  readonly logVersions: readonly (1 | 2)[];
}

/** The services of the highest version that we speak, the newest of each operator, newest first. */
function candidates(
  services: readonly Service[],
  versions: readonly number[],
  now: number,
): readonly Service[] {
  const current = services
    .filter(({ validFrom, validUntil }) =>
      validFrom <= now && (validUntil === undefined || now <= validUntil)
    )
    .toSorted((a, b) => b.validFrom - a.validFrom);
  for (const version of versions.toSorted((a, b) => b - a)) {
    const operators = new Set<string>();
    const found = current.filter(({ majorApiVersion, operator }) => {
      if (majorApiVersion !== version || operators.has(operator)) return false;
      operators.add(operator);
      return true;
    });
    if (found.length > 0) return found;
  }
  return [];
}

function refuse(what: string, wanted: number, found: number, versions: readonly number[]): never {
  throw new UsageError(
    `Cannot sign with this signing config: it asks for ${wanted} of its ${what}, and ${found} of ` +
      `version ${versions.join(" or ")} can be used now`,
  );
}

function select(
  what: string,
  services: readonly Service[],
  selector: Selector,
  versions: readonly number[],
  { now, random }: SelectionOptions,
): readonly Service[] {
  if (services.length === 0) return [];
  const found = [...candidates(services, versions, now)];
  const counts = { ALL: Math.max(found.length, 1), ANY: 1 };
  const count = selector.kind === "EXACT" ? selector.count : counts[selector.kind];
  if (count > found.length) refuse(what, count, found.length, versions);
  return Array.from(
    { length: count },
    () => found.splice(Math.floor(random() * found.length), 1)[0]!,
  );
}

/** The newest one: certificate authorities and issuers are not chosen among. */
function newest(what: string, services: readonly Service[], now: number): string | undefined {
  if (services.length === 0) return undefined;
  const [first] = candidates(services, [1], now);
  return first === undefined ? refuse(what, 1, 0, [1]) : first.url;
}

/**
 * Choose the services of a run, by the rules of a signing config (protobuf-specs, ServiceSelector;
 * sigstore-go pkg/root/signing_config.go).
 *
 * @throws {UsageError} if it names some, and too few of them can be used now
 */
export function selectServices(
  config: SigningConfig,
  options: SelectionOptions,
): SelectedServices {
  const { logs, logSelector, timestampAuthorities, timestampSelector } = config;
  return {
    fulcioUrl: newest("certificate authorities", config.certificateAuthorities, options.now),
    oidcIssuer: newest("OIDC providers", config.oidcProviders, options.now),
    logs: select("logs", logs, logSelector, options.logVersions, options)
      .map(({ url, majorApiVersion }) => ({ url, version: majorApiVersion as 1 | 2 })),
    timestampAuthorities: select(
      "timestamp authorities",
      timestampAuthorities,
      timestampSelector,
      [1],
      options,
    ).map(({ url }) => url),
  };
}

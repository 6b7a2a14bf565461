import * as v from "valibot";
import { encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";

/** The media type of what is read and written here. */
export const SIGNING_CONFIG_MEDIA_TYPE = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/** One service, and when and how it can be used. */
export interface Service {
  readonly url: string;
  readonly majorApiVersion: number;
  /** Milliseconds since 1970; without end where there is none. */
  readonly validFrom: number;
  readonly validUntil?: number | undefined;
  /** Who runs it: of one operator one service is used. */
  readonly operator: string;
}

/** How many of the services are used. */
export type Selector =
  | { readonly kind: "ANY" | "ALL" }
  | { readonly kind: "EXACT"; readonly count: number };

/** What to sign with (protobuf-specs, sigstore_trustroot.proto, SigningConfig v0.2). */
export interface SigningConfig {
  readonly certificateAuthorities: readonly Service[];
  readonly oidcProviders: readonly Service[];
  readonly logs: readonly Service[];
  readonly logSelector: Selector;
  readonly timestampAuthorities: readonly Service[];
  readonly timestampSelector: Selector;
}

/** More services of a kind are none that anybody runs. */
const MAX_SERVICES = 1000;

const Time = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((text) => Date.parse(text)),
);

const ServiceSchema = v.object({
  url: v.string(),
  majorApiVersion: v.optional(v.pipe(v.number(), v.safeInteger()), 0),
  validFor: v.nullish(v.object({ start: v.nullish(Time), end: v.nullish(Time) })),
  operator: v.optional(v.string(), ""),
});

const Services = v.optional(v.pipe(v.array(ServiceSchema), v.maxLength(MAX_SERVICES)), []);

const SelectorSchema = v.nullish(v.object({
  selector: v.optional(v.string(), "SERVICE_SELECTOR_UNDEFINED"),
  count: v.optional(v.pipe(v.number(), v.safeInteger()), 0),
}));

const SigningConfigSchema = v.object({
  mediaType: v.literal(SIGNING_CONFIG_MEDIA_TYPE),
  caUrls: Services,
  oidcUrls: Services,
  rekorTlogUrls: Services,
  rekorTlogConfig: SelectorSchema,
  tsaUrls: Services,
  tsaConfig: SelectorSchema,
});

function readService(
  { url, majorApiVersion, validFor, operator }: v.InferOutput<typeof ServiceSchema>,
): Service {
  if (!URL.canParse(url) || !/^https?:/u.test(url)) {
    throw new MalformedError("signing config", `"${url.slice(0, 80)}" is no http address`);
  }
  const { start, end } = validFor ?? {};
  return {
    url,
    majorApiVersion,
    validFrom: start ?? 0,
    ...(end === undefined || end === null ? {} : { validUntil: end }),
    operator,
  };
}

/** A selector is needed only where there is something to select. */
function readSelector(
  found: v.InferOutput<typeof SelectorSchema>,
  services: readonly unknown[],
): Selector {
  if (services.length === 0) return { kind: "ANY" };
  const { selector, count } = found ?? { selector: "none", count: 0 };
  if (selector === "ANY" || selector === "ALL") return { kind: selector };
  if (selector === "EXACT" && count > 0) return { kind: selector, count };
  throw new MalformedError("signing config", "want the selector ANY, ALL or EXACT with a count");
}

/**
 * Read a signing config.
 *
 * @throws {MalformedError}
 */
export function parseSigningConfig(bytes: Uint8Array): SigningConfig {
  const config = parseJson("signing config", bytes, SigningConfigSchema);
  return {
    certificateAuthorities: config.caUrls.map(readService),
    oidcProviders: config.oidcUrls.map(readService),
    logs: config.rekorTlogUrls.map(readService),
    logSelector: readSelector(config.rekorTlogConfig, config.rekorTlogUrls),
    timestampAuthorities: config.tsaUrls.map(readService),
    timestampSelector: readSelector(config.tsaConfig, config.tsaUrls),
  };
}

/** Times as protojson has them: without fractions where there are none. */
function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}

function serviceJson(
  { url, majorApiVersion, validFrom, validUntil, operator }: Service,
): Readonly<Record<string, unknown>> {
  return {
    url,
    majorApiVersion,
    validFor: {
      start: timeText(validFrom),
      ...(validUntil === undefined ? {} : { end: timeText(validUntil) }),
    },
    ...(operator === "" ? {} : { operator }),
  };
}

function selectorJson(selector: Selector): Readonly<Record<string, unknown>> {
  return {
    selector: selector.kind,
    ...(selector.kind === "EXACT" ? { count: selector.count } : {}),
  };
}

/** Write a signing config, with the fields in cosign's order. */
export function buildSigningConfig(config: SigningConfig): Uint8Array {
  const { certificateAuthorities, oidcProviders, logs, timestampAuthorities } = config;
  const list = (
    name: string,
    services: readonly Service[],
  ): Readonly<Record<string, unknown>> =>
    services.length === 0 ? {} : { [name]: services.map(serviceJson) };
  return encodeText(JSON.stringify({
    mediaType: SIGNING_CONFIG_MEDIA_TYPE,
    ...list("caUrls", certificateAuthorities),
    ...list("oidcUrls", oidcProviders),
    ...list("rekorTlogUrls", logs),
    rekorTlogConfig: logs.length === 0 ? {} : selectorJson(config.logSelector),
    ...list("tsaUrls", timestampAuthorities),
    tsaConfig: timestampAuthorities.length === 0 ? {} : selectorJson(config.timestampSelector),
  }));
}

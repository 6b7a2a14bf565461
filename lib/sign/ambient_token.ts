import * as v from "valibot";
import { encodeText } from "../base/bytes.ts";
import { parseJson } from "../base/json.ts";
import { IdentityError } from "./identity_token.ts";
import { endpoint, type Services } from "./services.ts";

/** What a machine offers of its own. */
export interface AmbientOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly services: Services;
  /** Read a file, or nothing where there is none. */
  readonly readFile: (path: string) => Promise<string | undefined>;
}

/** Whom the token is for: Fulcio's client id. */
const AUDIENCE = "sigstore";

/** Where a volume or a helper such as spiffe-helper leaves a token for cosign. */
export const TOKEN_FILE = "/var/run/sigstore/cosign/oidc-token";

const DEADLINE = 30_000;

/** Ask for nothing that is not there; `undefined` says that this is not such a machine. */
type Provider = (options: AmbientOptions) => Promise<string | undefined>;

/** https://buildkite.com/docs/apis/agent-api/oidc */
const buildkite: Provider = async ({ env, services }) => {
  const token = env["BUILDKITE_AGENT_ACCESS_TOKEN"];
  if (token === undefined || token === "") return undefined;
  const base = env["BUILDKITE_AGENT_ENDPOINT"] || "https://agent.buildkite.com/v3";
  const purpose = "get an identity token from Buildkite";
  const job = encodeURIComponent(env["BUILDKITE_JOB_ID"] ?? "");
  const { body } = await services.request({
    purpose,
    method: "POST",
    url: endpoint(base, `/jobs/${job}/oidc/tokens`, purpose),
    headers: { authorization: `Token ${token}`, "content-type": "application/json" },
    body: encodeText(JSON.stringify({ audience: AUDIENCE })),
    secret: true,
    deadline: DEADLINE,
    expect: [200, 201],
  });
  return parseJson("Buildkite's answer", body, v.object({ token: v.string() })).token;
};

/** GitLab has it there too, where a job asks for it under `id_tokens`. */
const variable: Provider = ({ env }) => Promise.resolve(env["SIGSTORE_ID_TOKEN"] || undefined);

const file: Provider = ({ readFile }) => readFile(TOKEN_FILE);

/** https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments */
const github: Provider = async ({ env, services }) => {
  const token = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
  const address = env["ACTIONS_ID_TOKEN_REQUEST_URL"];
  if (token === undefined || token === "" || address === undefined || address === "") {
    return undefined;
  }
  const purpose = "get an identity token from GitHub Actions";
  const url = endpoint(address, "", purpose);
  url.searchParams.set("audience", AUDIENCE);
  const { body } = await services.request({
    purpose,
    method: "GET",
    url,
    headers: { authorization: `bearer ${token}`, accept: "application/json" },
    secret: true,
    deadline: DEADLINE,
    expect: [200],
  });
  return parseJson("GitHub's answer", body, v.object({ value: v.string() })).value;
};

/** The sources by cosign's names (`--oidc-provider`), in the order in which it tries them. */
const PROVIDERS: Readonly<Record<string, Provider>> = {
  "buildkite-agent": buildkite,
  envvar: variable,
  filesystem: file,
  "github-actions": github,
};

/**
 * Find the token that the machine has for what runs on it: a CI job's, a workload's.
 *
 * @param provider ask only this one
 * @returns nothing where it has none
 * @throws {IdentityError}
 * @throws {ServiceError} if the one that is asked does not answer
 */
export async function ambientToken(
  options: AmbientOptions,
  provider?: string,
): Promise<string | undefined> {
  if (provider !== undefined && !Object.hasOwn(PROVIDERS, provider)) {
    throw new IdentityError(
      `Cannot get an identity token from "${provider.slice(0, 40)}": want one of ` +
        `${Object.keys(PROVIDERS).join(", ")}, or give the token with --identity-token`,
    );
  }
  const asked = provider === undefined ? Object.values(PROVIDERS) : [PROVIDERS[provider]!];
  for (const ask of asked) {
    const token = await ask(options);
    if (token !== undefined) return token;
  }
  return undefined;
}

/** What somebody should do on a machine that seems to be able to give tokens, and gives none. */
export function ambientAdvice(env: AmbientOptions["env"]): string | undefined {
  if (env["GITHUB_ACTIONS"] === "true") {
    return "give the job the permission id-token: write";
  }
  if (env["GITLAB_CI"] === "true") {
    return "give the job an id_tokens entry SIGSTORE_ID_TOKEN with aud: sigstore";
  }
  if ((env["SPIFFE_ENDPOINT_SOCKET"] ?? "") !== "") {
    return `let spiffe-helper write a JWT-SVID for the audience sigstore to ${TOKEN_FILE}, or name ` +
      "the file with --identity-token";
  }
  return undefined;
}

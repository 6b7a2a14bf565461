#!/usr/bin/env node
import { safeText } from "../lib/report/safe_text.ts";
import { runIfMain, type Task } from "./command/task.ts";

interface Flags {
  readonly showDescriptions: boolean;
  readonly showSensitiveValues: boolean;
  readonly all: boolean;
}

/** cosign's variables, with its words about each (pkg/cosign/env/env.go of 3.1.3). */
const VARIABLES: readonly (readonly [name: string, description: string, expects: string])[] = [
  [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "is bearer token for the request to the OIDC provider",
    "string with a bearer token",
  ],
  [
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "is the URL for GitHub's OIDC provider",
    "string with the URL for the OIDC provider",
  ],
  [
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "is an access token used to identify the Buildkite agent",
    "string with an access token",
  ],
  ["BUILDKITE_AGENT_ENDPOINT", "the Buildkite agent endpoint", "string with an endpoint"],
  [
    "BUILDKITE_AGENT_LOG_LEVEL",
    "the log level for the Buildkite agent",
    "string with log level, either debug, notice, info, error, warn, fatal (default: notice)",
  ],
  ["BUILDKITE_JOB_ID", "the Buildkite job ID to claim in the OIDC token", "string with a job ID"],
  [
    "COSIGN_DOCKER_MEDIA_TYPES",
    "to be used with registries that do not support OCI media types",
    "1 to fallback to legacy OCI media types equivalents (0 by default)",
  ],
  [
    "COSIGN_EXPERIMENTAL",
    "enables experimental cosign features",
    "1 if experimental features should be enabled (0 by default)",
  ],
  [
    "COSIGN_MAX_ATTACHMENT_SIZE",
    "maximum attachment size to download (default 128MiB)",
    "human-readable unit of memory, e.g. 5120, 20K, 3M, 45MiB, 1GB",
  ],
  [
    "COSIGN_PASSWORD",
    "overrides password inputs with this value",
    "string with a password (asks on stdin by default)",
  ],
  [
    "COSIGN_PKCS11_IGNORE_CERTIFICATE",
    "disables loading certificates with PKCS11",
    "1 if loading certificates should be disabled (0 by default)",
  ],
  ["COSIGN_PKCS11_MODULE_PATH", "is PKCS11 module-path", "string with a module-path"],
  ["COSIGN_PKCS11_PIN", "to be used if PKCS11 PIN is not provided", "string with a PIN"],
  [
    "COSIGN_REPOSITORY",
    "can be used to store signatures in an alternate location",
    "string with a repository",
  ],
  [
    "GITHUB_HOST",
    "is URL of the GitHub Enterprise instance",
    "string with the URL of GitHub Enterprise instance",
  ],
  ["GITHUB_TOKEN", "is a token used to authenticate with GitHub", "token generated on GitHub"],
  ["GITLAB_HOST", "is URL of the GitLab instance", "string with the URL of GitLab instance"],
  ["GITLAB_TOKEN", "is a token used to authenticate with GitLab", "string with a token"],
  [
    "GOOGLE_SERVICE_ACCOUNT_NAME",
    "is a service account name to be used with the Google provider",
    "string with the service account's name",
  ],
  [
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE",
    "overrides what is used to validate the SCT coming back from Fulcio",
    "path to the public key file",
  ],
  [
    "SIGSTORE_ID_TOKEN",
    "is a OIDC token used to authenticate to Fulcio",
    "string with a OIDC token",
  ],
  [
    "SIGSTORE_REKOR_PUBLIC_KEY",
    "if specified, you can specify an oob Public Key that Rekor uses",
    "path to the public key",
  ],
  ["SIGSTORE_ROOT_FILE", "overrides the public good instance root CA", "path to the root CA"],
  [
    "SIGSTORE_TSA_CERTIFICATE_FILE",
    "path to the concatenated PEM-encoded TSA certificate file (leaf, intermediate(s), root) used by Sigstore",
    "path to the TSA certificate file",
  ],
  [
    "SOURCE_DATE_EPOCH",
    "overrides current time for reproducible builds, see https://reproducible-builds.org/docs/source-date-epoch/",
    "number of seconds since unix epoch",
  ],
  [
    "SPIFFE_ENDPOINT_SOCKET",
    "allows you to specify non-default SPIFFE socket to use.",
    "string with SPIFFE socket path",
  ],
  [
    "TUF_MIRROR",
    "URL of the TUF mirror. Use with TUF_ROOT_JSON to refresh TUF metadata during signing and verification commands. Setting this will cause cosign to attempt to use trusted_root.json if available and will ignore custom TUF metadata.",
    "URL of the TUF mirror",
  ],
  ["TUF_ROOT", "path to the TUF cache directory", "path to the TUF cache directory"],
  [
    "TUF_ROOT_JSON",
    "path to the TUF root.json file used to initialize and update a local TUF repository. Use with TUF_MIRROR to refresh TUF metadata during signing and verification commands. Setting this will cause cosign to attempt to use trusted_root.json if available and will ignore custom TUF metadata.",
    "path to root.json",
  ],
];

/** What is heeded here beside cosign's, and not in the list that cosign prints. */
const OTHERS: typeof VARIABLES = [
  [
    "COSIGN_SIGNATURE_REPOSITORY",
    "keeps the signatures of some repositories in others (--signature-repository)",
    "FROM=TO, several with commas",
  ],
  ["DOCKER_CONFIG", "is where docker's credentials are", "folder with a config.json"],
  ["REGISTRY_AUTH_FILE", "is where podman's credentials are", "path to an auth.json"],
  [
    "XDG_RUNTIME_DIR",
    "is where podman's credentials are otherwise",
    "folder with containers/auth.json",
  ],
  ["HTTP_PROXY", "is the proxy for plain HTTP", "URL of a proxy"],
  ["HTTPS_PROXY", "is the proxy for HTTPS", "URL of a proxy"],
  ["NO_PROXY", "names the hosts that are reached without a proxy", "hosts, with commas"],
  ["NO_COLOR", "leaves out colours", "anything"],
  ["CI", "leaves out progress that is drawn over itself", "anything"],
];

const SENSITIVE: ReadonlySet<string> = new Set([
  "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
  "BUILDKITE_AGENT_ACCESS_TOKEN",
  "COSIGN_PASSWORD",
  "COSIGN_PKCS11_PIN",
  "GITHUB_TOKEN",
  "GITLAB_TOKEN",
  "SIGSTORE_ID_TOKEN",
]);

/** What begins like this may be heeded, known or not: it is shown, and may be secret. */
const PREFIX = /^(?:COSIGN|SIGSTORE|TUF)_/u;

const UNREGISTERED = [
  "# Environment variables below are not registered with cosign,",
  "# but might still influence cosign's behavior.",
];

/** Print the environment that concerns signing, byte for byte as cosign does. */
export const task: Task<Flags> = {
  name: "env",
  summary: "Print cosign's environment variables",
  examples: [
    ["env", "each with what it is for"],
    ["env --show-descriptions=false", "names and values only"],
    ["env --all", "also docker's, and those of this program alone"],
  ],
  define(command) {
    command
      .option("--show-descriptions", "say what each is for", true)
      .option("--no-show-descriptions", "names and values only")
      .option("--show-sensitive-values", "show passwords and tokens too", false)
      .option("--all", "also what is heeded here and is not in cosign's list", false);
  },
  async run(_args, { showDescriptions, showSensitiveValues, all }, { env, stdout }) {
    const assignment = (name: string, isSensitive: boolean): string => {
      const value = env[name] ?? "";
      const shown = isSensitive && !showSensitiveValues && value !== "" ? "******" : value;
      // A value cannot make itself look like another line.
      return safeText(`${name}=${shown}`);
    };
    const listed = all ? [...VARIABLES, ...OTHERS] : VARIABLES;
    const known = listed.flatMap(([name, description, expects]) => [
      ...(showDescriptions ? [`# ${name} ${description}`, `# Expects: ${expects}`] : []),
      assignment(name, SENSITIVE.has(name)),
    ]);
    const names = new Set(listed.map(([name]) => name));
    const others = Object.keys(env).filter((name) => PREFIX.test(name) && !names.has(name)).sort();
    const unknown = others.length === 0 ? [] : [
      ...(showDescriptions ? UNREGISTERED : []),
      ...others.map((name) => assignment(name, true)),
    ];
    await stdout.write(`${[...known, ...unknown].join("\n")}\n`);
    return 0;
  },
};

await runIfMain(import.meta.url, task);

import { type Command, Option } from "commander";
import { parseByteSize } from "../../lib/base/byte_size.ts";
import { UsageError } from "../../lib/base/errors.ts";
import type { TlsOptions } from "../../lib/base/http.ts";
import { parseRepository } from "../../lib/reference/reference.ts";
import type { CredentialSource } from "../../lib/registry/credentials.ts";
import { openRegistries, type Registries } from "../../lib/registry/open_registries.ts";
import { parseSignatureRepositories } from "../../lib/signature/signature_repositories.ts";
import type { StoreOptions } from "../../lib/signature/store.ts";
import { collect } from "./annotations.ts";
import type { Io } from "./io.ts";
import { readTlsFiles } from "./tls_files.ts";

/** Options of every task that talks to registries; named as cosign names them. */
export interface RegistryFlags {
  readonly allowHttpRegistry?: boolean;
  readonly allowInsecureRegistry?: boolean;
  readonly registryCacert?: string;
  readonly registryClientCert?: string;
  readonly registryClientKey?: string;
  readonly registryServerName?: string;
  readonly registryUsername?: string;
  readonly registryPassword?: string;
  readonly registryToken?: string;
  readonly attachmentTagPrefix?: string;
  readonly signatureRepository?: readonly string[];
}

/** Options of every task that works on many images. */
export interface WorkerFlags {
  readonly maxWorkers: number;
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,3}$/u.test(text)) {
    throw new UsageError(`Cannot use "${text.slice(0, 40)}": want a whole number from 1 to 9999`);
  }
  return Number(text);
}

/** Declare how registries are reached. */
export function defineConnectionOptions(command: Command): void {
  command
    .option("--allow-http-registry", "speak plain HTTP where a registry does not answer HTTPS")
    .option("--allow-insecure-registry", "accept any TLS certificate, and plain HTTP")
    .option("--registry-cacert <file>", "trust these certificates (PEM) for registries")
    .option("--registry-client-cert <file>", "certificate (PEM) to show to registries")
    .option("--registry-client-key <file>", "its private key (PEM)")
    .option("--registry-server-name <name>", "the name that registries' certificates must have");
}

/** Declare the options of a task that talks to registries. */
export function defineRegistryOptions(command: Command): void {
  defineConnectionOptions(command);
  command
    .option("--registry-username <name>", "instead of what docker login left")
    .option("--registry-password <text>", "better in the environment: COSIGN_REGISTRY_PASSWORD")
    .option("--registry-token <text>", "bearer token; better in COSIGN_REGISTRY_TOKEN")
    // Docker's configuration, with its helpers, is always read.
    .addOption(new Option("--k8s-keychain").hideHelp())
    .option("--attachment-tag-prefix <prefix>", "what the tags of signatures begin with")
    .option(
      "--signature-repository <from=to>",
      "keep the signatures of the repositories in FROM in TO, or with TO/* each in its own there; " +
        "may be repeated (for all others: COSIGN_REPOSITORY)",
      collect,
    );
}

/** Declare how many images, or what else there is, are worked on at a time. */
export function defineWorkerOption(command: Command, count: number, what = "images"): void {
  command.option("--max-workers <n>", `${what} at a time`, positiveInteger, count);
}

async function tlsOptions(flags: RegistryFlags): Promise<TlsOptions> {
  const { registryServerName: servername, allowInsecureRegistry } = flags;
  const files = {
    ca: flags.registryCacert,
    cert: flags.registryClientCert,
    key: flags.registryClientKey,
  };
  return {
    ...await readTlsFiles(files, "both --registry-client-cert and --registry-client-key"),
    ...(servername === undefined ? {} : { servername }),
    ...(allowInsecureRegistry === true ? { insecure: true } : {}),
  };
}

/** The credentials that the flags hold, for every registry; `undefined` where they hold none. */
function flagCredentials(flags: RegistryFlags): CredentialSource | undefined {
  const { registryUsername: username, registryPassword: password, registryToken: token } = flags;
  if (token !== undefined) return () => Promise.resolve({ kind: "bearer", token });
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined) {
    throw new UsageError(
      "Cannot sign in: want both --registry-username and --registry-password",
    );
  }
  return () => Promise.resolve({ kind: "basic", username, password });
}

/** The largest attachment that is fetched, as COSIGN_MAX_ATTACHMENT_SIZE says; `undefined` unless it does. */
function maxAttachmentBytes(env: Io["env"]): number | undefined {
  const text = env["COSIGN_MAX_ATTACHMENT_SIZE"] ?? "";
  if (text === "") return undefined;
  const bytes = parseByteSize(text);
  if (bytes !== undefined) return bytes;
  // cosign goes on with its own limit here, and nobody sees that the variable does nothing.
  throw new UsageError(
    `Cannot read COSIGN_MAX_ATTACHMENT_SIZE "${text.slice(0, 40)}": want a size, as in 128MiB`,
  );
}

/** Where signatures are kept: the flags, and COSIGN_REPOSITORY for what they leave open. */
export function storeOptions(
  { attachmentTagPrefix, signatureRepository = [] }: RegistryFlags,
  env: Io["env"],
): StoreOptions {
  const repository = env["COSIGN_REPOSITORY"];
  const rules = signatureRepository.flatMap((value) => value.split(","));
  return {
    maxAttachmentBytes: maxAttachmentBytes(env),
    ...(rules.length === 0 ? {} : { repositoryFor: parseSignatureRepositories(rules) }),
    ...(attachmentTagPrefix === undefined ? {} : { tagPrefix: attachmentTagPrefix }),
    ...(repository === undefined || repository === ""
      ? {}
      : { repository: parseRepository(repository) }),
  };
}

/** Open registries for a task, and close them when it is over. */
export async function withRegistries<Result>(
  flags: RegistryFlags,
  io: Io,
  connections: number,
  work: (remote: Registries) => Promise<Result>,
): Promise<Result> {
  const remote = openRegistries({
    env: io.env,
    connections,
    allowHttp: flags.allowHttpRegistry === true || flags.allowInsecureRegistry === true,
    tls: await tlsOptions(flags),
    credentials: flagCredentials(flags),
    clock: io.clock,
    signal: io.signal,
    log: io.log,
  });
  try {
    return await work(remote);
  } finally {
    await remote.close();
  }
}

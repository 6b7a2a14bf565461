import type { TlsOptions } from "../../lib/base/http.ts";
import { connectServices } from "../../lib/sign/connect_services.ts";
import { openSigner } from "../../lib/sign/open_signer.ts";
import type { ServiceCounters } from "../../lib/sign/services.ts";
import { keySigner } from "../../lib/sign/key_signer.ts";
import type { ContentSigner } from "../../lib/sign/signer.ts";
import { tokenSource } from "./identity.ts";
import type { Io } from "./io.ts";
import { readPrivateKey } from "./keys.ts";
import { findServices } from "./select_services.ts";
import type { SignerFlags } from "./signer_options.ts";
import { readTlsFiles } from "./tls_files.ts";

/** Say what a run took of the services. */
async function tellCounters(counters: ServiceCounters, io: Io): Promise<void> {
  const { certificates, logEntries, timestamps, requests, retries } = counters;
  if (requests === 0) return;
  await io.stderr.write(
    `signing services: ${certificates} certificates, ${logEntries} log entries, ${timestamps} ` +
      `timestamps; ${requests} requests, ${retries} of them repeats\n`,
  );
}

/** How the timestamp authorities are reached, where they are not reached like all else. */
async function timestampTls(flags: SignerFlags): Promise<TlsOptions | undefined> {
  const { timestampServerName: servername } = flags;
  const tls = await readTlsFiles({
    ca: flags.timestampClientCacert,
    cert: flags.timestampClientCert,
    key: flags.timestampClientKey,
  }, "both --timestamp-client-cert and --timestamp-client-key");
  if (servername === undefined && Object.keys(tls).length === 0) return undefined;
  return { ...tls, ...(servername === undefined ? {} : { servername }) };
}

/**
 * Open what a task signs with, and close it when the task is over: a key, which asks for its password;
 * or an identity that tokens say.
 *
 * @param legacy whether signatures are written in legacy form
 */
export async function withSigner<Result>(
  flags: SignerFlags,
  io: Io,
  { legacy }: { readonly legacy: boolean },
  work: (signer: ContentSigner) => Promise<Result>,
): Promise<Result> {
  const selected = await findServices(flags, io, { legacy });
  const key = flags.key === undefined ? undefined : await readPrivateKey(flags.key, io);
  if (selected === undefined) return await work(keySigner(key!));
  if (flags.trustedRoot !== undefined) {
    await io.stderr.write(
      "WARNING: what is signed is not verified by --trusted-root here; verify it afterwards\n",
    );
  }
  const { env, clock, signal, log } = io;
  const tls = await timestampTls(flags);
  const services = connectServices({
    env,
    clock,
    signal,
    log,
    special: tls && { urls: selected.timestampAuthorities, tls },
  });
  try {
    if (key === undefined) await io.stderr.write("Generating ephemeral keys...\n");
    const token = tokenSource(flags, services, selected.oidcIssuer, io);
    const signer = openSigner({
      services,
      selected,
      by: key === undefined ? { token } : { key },
      logRate: flags.rekorRate,
      clock,
      signal,
    });
    return await work(signer);
  } finally {
    await tellCounters(services.counters, io);
    await services.close();
  }
}

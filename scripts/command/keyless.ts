import { type Command, Option } from "commander";
import { UsageError } from "../../lib/base/errors.ts";

/** cosign's flags of signing without a key of one's own. */
const KEYLESS = [
  "identity-token",
  "fulcio-url",
  "oidc-issuer",
  "oidc-client-id",
  "rekor-url",
  "timestamp-server-url",
] as const;

/** Declare cosign's keyless flags, out of sight: they are named in the refusal. */
export function defineKeylessOptions(command: Command): void {
  for (const name of KEYLESS) command.addOption(new Option(`--${name} <value>`).hideHelp());
}

/**
 * The key that a task needs, or the keys, and no keyless flag beside it.
 *
 * @throws {UsageError}
 */
export function requireKey<Key extends string | readonly string[]>(
  { key, ...command }: { readonly key?: Key | undefined },
): Key {
  const camel = (name: string): string =>
    name.replace(/-(\w)/gu, (_, letter: string) => letter.toUpperCase());
  const others: Readonly<Record<string, unknown>> = command;
  const given = KEYLESS.find((name) => others[camel(name)] !== undefined);
  if (given !== undefined) {
    throw new UsageError(
      `Cannot use --${given}: keyless signing is not supported yet; use --key`,
    );
  }
  if (key !== undefined) return key;
  throw new UsageError(
    "Cannot go without --key: keyless signing is not supported yet",
  );
}

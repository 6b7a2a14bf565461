import type { ErrorCode } from "../base/errors.ts";

/** A key cannot be read, or is of a kind that cosign and sigfleet do not take. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly code: Extract<ErrorCode, "KEY"> = "KEY";
}

/** A sealed private key did not open. What was tried is not told. */
export class PasswordError extends Error {
  override readonly name = "PasswordError";
  readonly code: Extract<ErrorCode, "PASSWORD"> = "PASSWORD";

  constructor() {
    super("Cannot open private key: the password is wrong, or the file is damaged");
  }
}

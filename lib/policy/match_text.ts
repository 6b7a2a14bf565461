import { messageOf, UsageError } from "../base/errors.ts";
import type { TextMatch } from "../verify/check_identity.ts";

const MAX_EXPRESSION = 10_000;

/**
 * Match one text and no other.
 *
 * @throws {UsageError} if it is empty
 */
export function exactText(text: string): TextMatch {
  if (text === "") throw new UsageError("Cannot match an empty identity or issuer: name one");
  return { shown: text, matches: (found) => found === text };
}

/**
 * Match texts by an expression in Go's syntax (RE2, github.com/google/re2/wiki/Syntax), in time that
 * grows with the text alone.
 *
 * @param whole whether the whole text must match; else any part of it may, as with cosign
 * @throws {UsageError}
 */
export async function expressionText(
  expression: string,
  { whole }: { readonly whole: boolean },
): Promise<TextMatch> {
  if (expression === "" || expression.length > MAX_EXPRESSION) {
    throw new UsageError(`Cannot use an expression: want 1 to ${MAX_EXPRESSION} characters`);
  }
  // Loaded only here: most runs name an identity outright.
  const { RE2JS } = await import("re2js");
  try {
    const compiled = RE2JS.compile(expression);
    return {
      shown: whole ? `/^(?:${expression})$/` : `/${expression}/`,
      matches: (found) => whole ? compiled.matches(found) : compiled.matcher(found).find(),
    };
  } catch (error) {
    throw new UsageError(
      `Cannot use the expression "${expression.slice(0, 200)}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

import type { Annotations } from "../signature/claim.ts";
import type { Reason } from "./reason.ts";

/** Compare the annotations that must be signed with those that are; `undefined` where all are. */
export function checkAnnotations(
  wanted: Annotations,
  signed: Readonly<Record<string, unknown>>,
): Reason | undefined {
  for (const [key, expected] of Object.entries(wanted)) {
    const value = Object.hasOwn(signed, key) ? signed[key] : undefined;
    if (value === expected) continue;
    return {
      code: "annotation-mismatch",
      message: value === undefined
        ? `the annotation ${key} is not signed`
        : `the annotation ${key} is signed with another value`,
      expected,
      ...(value === undefined ? {} : { found: JSON.stringify(value).slice(0, 200) }),
    };
  }
  return undefined;
}

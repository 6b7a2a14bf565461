/** How many results {@link shareWork} keeps: enough for the tags of the largest repositories. */
const KEPT = 50_000;

/**
 * Do work once for all who ask for the same thing, at the same time or soon after. The oldest results
 * are forgotten first; a rejected one is not kept.
 */
export function shareWork<Result>(): (
  key: string,
  work: () => Promise<Result>,
) => Promise<Result> {
  const results = new Map<string, Promise<Result>>();
  return (key, work) => {
    const known = results.get(key);
    if (known !== undefined) return known;
    const result = work();
    results.set(key, result);
    result.catch(() => results.delete(key));
    if (results.size > KEPT) results.delete(results.keys().next().value!);
    return result;
  };
}

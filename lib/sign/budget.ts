import type { Clock } from "../base/clock.ts";

/** What may be done in a time, kept by waiting. */
export interface Budget {
  /** Wait for the next turn. */
  take(): Promise<void>;
}

/**
 * Open a budget of so many turns a second, evenly spaced: services count in windows of their own, and
 * a burst would fill them.
 *
 * @param perSecond without bound where it is 0
 */
export function openBudget(perSecond: number, clock: Clock, signal?: AbortSignal): Budget {
  let next = 0;
  return {
    async take() {
      if (perSecond <= 0) return;
      const turn = Math.max(next, clock.now());
      next = turn + 1000 / perSecond;
      const wait = turn - clock.now();
      if (wait > 0) await clock.sleep(wait, signal);
    },
  };
}

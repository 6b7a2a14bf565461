import type { Clock } from "../../lib/base/clock.ts";

/** A clock that nobody waits for: sleeping moves it. */
export interface TestClock extends Clock {
  /** The sleeps asked for, in milliseconds. */
  readonly sleeps: readonly number[];
  /** Let time pass. */
  pass(milliseconds: number): void;
}

/** The moment at which test clocks start: a whole second. */
export const START: number = Date.UTC(2026, 10, 23, 9, 20, 10);

export function createTestClock(): TestClock {
  let now = START;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    pass(milliseconds) {
      now += milliseconds;
    },
    sleep(milliseconds, signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      sleeps.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  };
}

import type { Verdict } from "../verify/verdict.ts";

/** One line of a fleet's report: an image or a file as it was named, and the answer about it. */
export interface FleetResult {
  /** The reference as it was given, or `registry/repository:tag` where a repository was expanded; of a file its path. */
  readonly image: string;
  readonly verdict: Verdict;
}

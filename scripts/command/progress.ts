import type { Clock } from "../../lib/base/clock.ts";
import { countOf, countText, durationText } from "../../lib/report/number_text.ts";
import { countVerdict, noVerdicts } from "../../lib/report/summary.ts";
import type { VerdictKind } from "../../lib/verify/verdict.ts";

/** Where progress is shown: standard error, or a test's double. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Effects and settings of {@link showProgress}. */
export interface ProgressOptions {
  readonly stream: ProgressStream;
  readonly clock: Pick<Clock, "now">;
  /** What is counted; images unless told. */
  readonly noun?: string | undefined;
  /** Whether this runs in a CI system, whose logs keep every redrawing. */
  readonly ci: boolean;
}

/** A line that tells how far a run has come. */
export interface Progress {
  /** How many images there are, as far as is known by now; it may grow. */
  expect(total: number): void;
  /** Count an image that is done. */
  count(kind: VerdictKind): void;
  /** Take the line away, at the end or before writing something else; the next count brings it back. */
  clear(): void;
}

/** Ten times a second: more flickers, and costs more than it tells. */
const REDRAW_MILLISECONDS = 100;

/** Some terminals say 0 columns, and some nothing. */
const DEFAULT_COLUMNS = 80;

const ERASE_LINE = "\r\u001b[2K";

const SILENT: Progress = { expect() {}, count() {}, clear() {} };

function rateText(perSecond: number): string {
  return perSecond < 9.95 ? `${perSecond.toFixed(1)}/s` : `${countText(Math.round(perSecond))}/s`;
}

/**
 * Show a line of progress on a terminal; nothing where there is none, and nothing in CI. It is
 * redrawn only as images are counted, so no timer keeps the process alive.
 */
export function showProgress(
  { stream, clock, noun = "image", ci }: ProgressOptions,
): Progress {
  if (stream.isTTY !== true || ci) return SILENT;
  const counts = noVerdicts();
  const startedAt = clock.now();
  let total: number | undefined;
  // A run that is over before the first redrawing shows no line at all.
  let drawnAt = startedAt;
  let shown = false;

  const lineAt = (now: number): string => {
    const { images } = counts;
    const perSecond = images / ((now - startedAt) / 1000);
    // An inventory that still streams may be behind the images that are done.
    const all = total !== undefined && total >= images ? total : undefined;
    const parts = all === undefined ? [countOf(images, noun), rateText(perSecond)] : [
      `${countText(images)} / ${countOf(all, noun)}`,
      `${Math.floor(100 * images / all)} %`,
      rateText(perSecond),
      `${durationText(1000 * Math.ceil((all - images) / perSecond))} left`,
    ];
    for (const kind of ["failed", "unsigned", "unknown"] as const) {
      if (counts[kind] > 0) parts.push(`${countText(counts[kind])} ${kind}`);
    }
    return `  ${parts.join("  ")}`;
  };

  return {
    expect(images) {
      total = images;
    },
    count(kind) {
      countVerdict(counts, kind);
      const now = clock.now();
      if (now - drawnAt < REDRAW_MILLISECONDS) return;
      drawnAt = now;
      shown = true;
      // A character in the last column would wrap in some terminals.
      const room = (stream.columns || DEFAULT_COLUMNS) - 1;
      stream.write(`${ERASE_LINE}${lineAt(now).slice(0, room)}`);
    },
    clear() {
      if (shown) stream.write(ERASE_LINE);
      shown = false;
    },
  };
}

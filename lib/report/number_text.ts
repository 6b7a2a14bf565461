/** Numbers as people read them, the same whatever the machine's language is. */

const grouped = new Intl.NumberFormat("en-US");

/** A whole number with its thousands apart: `1,234`. */
export function countText(count: number): string {
  return grouped.format(count);
}

/** A number of things: `1 image`, `1,234 images`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** A span of time in its one or two largest units: `340 ms`, `1.2 s`, `42 s`, `3 min 5 s`. */
export function durationText(milliseconds: number): string {
  const exact = Math.max(0, milliseconds);
  if (exact < 999.5) return `${Math.round(exact)} ms`;
  if (exact < 9950) return `${Number((exact / 1000).toFixed(1))} s`;
  const seconds = Math.round(exact / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${countText(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

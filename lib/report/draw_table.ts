import Table from "cli-table3";
import { paintFor } from "./palette.ts";
import type { ReportSink, ReportWriter, RunStart } from "./report.ts";
import {
  DIGEST_DIGITS,
  type TableItem,
  type TableRow,
  tableRow,
  type TableState,
} from "./table_row.ts";

/** How a table looks. */
export interface TableOptions {
  /** Whether to write colours; off unless told. */
  readonly colors?: boolean;
  /** The terminal's width in columns; {@link DEFAULT_WIDTH} unless told. */
  readonly width?: number;
}

/** What the table of one kind of report has of its own. */
export interface TableKind<Result, Totals> {
  /** Titles of the columns; that of the digests is the same in all tables. */
  readonly titles: { readonly item: string; readonly state: string; readonly detail: string };
  /** All there are: their column is as wide in every table of the kind. */
  readonly states: readonly TableState[];
  readonly item: (result: Result) => TableItem;
  /** Where a name ends that neighbours share; before an image's tag or digest unless told. */
  readonly leafStart?: (name: string) => number;
  /** Lines between the table and the summary. */
  readonly notes?: (summary: Totals) => readonly string[];
  /** One line, of parts with ` · ` between. */
  readonly summaryText: (summary: Totals, milliseconds: number) => string;
}

/** The width of a table that goes to a file or a pipe. */
export const DEFAULT_WIDTH = 120;

/** Below this nothing can be read, and lines run over. */
const MIN_WIDTH = 40;

/** In a terminal narrower than this the digests make room for names and reasons. */
const MIN_WIDTH_WITH_DIGESTS = 80;

/** cli-table3 takes time in the square of its rows, so it is given few at once. */
const CHUNK_ROWS = 100;

/** Between two columns. */
const GAP = 2;

const INDENT = "  ";

/** Cut a text in its middle; the end of an image's name tells more than its beginning. */
function cutMiddle(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  const head = Math.floor((width - 1) * 0.4);
  return [...characters.slice(0, head), "…", ...characters.slice(head + 1 - width)].join("");
}

/** Cut a text at its end. */
function cutEnd(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

/** A line of the table: the name of a repository, or an image, alone or under its repository. */
type Line =
  | { readonly kind: "heading"; readonly name: string }
  | { readonly kind: "image"; readonly name: string; readonly row: TableRow };

/** Put the repository's name once above neighbours that share it. */
function* groupRows(rows: readonly TableRow[]): Generator<Line, void, undefined> {
  const joins = (a: TableRow | undefined, b: TableRow | undefined): boolean =>
    a !== undefined && b !== undefined && a.repository === b.repository &&
    a.repository !== "" && a.leaf !== "" && b.leaf !== "";
  for (const [index, row] of rows.entries()) {
    const follows = joins(rows[index - 1], row);
    const grouped = follows || joins(row, rows[index + 1]);
    if (grouped && !follows) yield { kind: "heading", name: row.repository };
    // Between a folder and a file there is a slash already.
    const leaf = row.repository.endsWith("/") ? row.leaf : row.leaf.replace(/^:/u, "");
    const name = grouped ? INDENT + leaf : row.repository + row.leaf;
    yield { kind: "image", name, row };
  }
}

function stateText({ symbol, word }: TableState): string {
  return `${symbol} ${word}`;
}

interface Columns {
  readonly image: number;
  /** 0 when the column is left out. */
  readonly digest: number;
  readonly state: number;
  readonly detail: number;
  /** All of them with the gaps between. */
  readonly total: number;
}

/** Share the width: what fits has what it needs, and of two that do not, each has half. */
function layOut(
  lines: readonly Line[],
  { titles, states }: Pick<TableKind<never, never>, "titles" | "states">,
  width: number,
): Columns {
  let image = titles.item.length;
  const state = Math.max(...[titles.state, ...states.map(stateText)].map(({ length }) => length));
  let detail = titles.detail.length;
  let heading = 0;
  for (const line of lines) {
    if (line.kind === "heading") {
      heading = Math.max(heading, line.name.length);
    } else {
      image = Math.max(image, line.name.length);
      detail = Math.max(detail, line.row.detail.length + line.row.more.length);
    }
  }
  const digest = width < MIN_WIDTH_WITH_DIGESTS ? 0 : DIGEST_DIGITS;
  const taken = state + 2 * GAP + (digest === 0 ? 0 : digest + GAP);
  const room = width - taken;
  image = Math.min(image, Math.max(Math.floor(room / 2), room - detail));
  // A heading crosses all columns; where they are narrower than it, the last one grows.
  detail = Math.min(Math.max(detail, heading - taken - image), room - image);
  return { image, digest, state, detail, total: taken + image + detail };
}

/** cli-table3 draws a full grid unless told otherwise, side by side and corner by corner. */
const NO_LINES: Readonly<Record<string, string>> = Object.fromEntries(
  ["top", "bottom", "mid"].flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("left", "left-mid", "right", "right-mid")
    .map((name) => [name, ""]),
);

/** Draw some lines, which all have the same columns. */
function draw(cells: readonly Table.HorizontalTableRow[], columns: Columns): string {
  const { image, digest, state, detail } = columns;
  const widths = digest === 0 ? [image, state, detail] : [image, digest, state, detail];
  const table = new Table({
    // A cell that spans columns is one wider for each it crosses: half the gap is a separator.
    colWidths: widths.map((width) => width + GAP - 1),
    style: { "padding-left": 0, "padding-right": GAP - 1, head: [], border: [], compact: true },
    chars: { ...NO_LINES, middle: " " },
  });
  table.push(...cells.map((row) => [...row]));
  return table.toString().replace(/ +$/gmu, "") + "\n";
}

/**
 * Write a table for people, with the summary below it. Columns must know all their cells, so tables
 * alone keep a row an image until the end.
 */
export function drawTable<Result, Totals>(
  { titles, states, item, leafStart, notes = () => [], summaryText }: TableKind<Result, Totals>,
  { startedAt }: RunStart,
  sink: ReportSink,
  { colors = false, width: wished = DEFAULT_WIDTH }: TableOptions,
): ReportWriter<Result, Totals> {
  const width = Math.max(wished, MIN_WIDTH);
  const paint = paintFor(colors);
  const rows: TableRow[] = [];

  const cellsOf = (line: Line, columns: Columns): Table.HorizontalTableRow => {
    if (line.kind === "heading") {
      const content = paint("strong", cutMiddle(line.name, width));
      return [{ content, colSpan: columns.digest === 0 ? 3 : 4 }];
    }
    const { digest, state, detail, more } = line.row;
    return [
      cutMiddle(line.name, columns.image),
      ...(columns.digest === 0 ? [] : [paint("faint", digest)]),
      paint(state.tone, stateText(state)),
      cutEnd(detail, columns.detail - more.length) + more,
    ];
  };
  const writeRows = async (): Promise<void> => {
    const lines = [...groupRows(rows)];
    const columns = layOut(lines, { titles, states }, width);
    const digest = columns.digest === 0 ? [] : ["DIGEST"];
    const head = [titles.item, ...digest, titles.state, titles.detail];
    await sink.write(draw([head.map((title) => paint("strong", title))], columns));
    await sink.write(`${paint("faint", "─".repeat(columns.total))}\n`);
    for (let start = 0; start < lines.length; start += CHUNK_ROWS) {
      const chunk = lines.slice(start, start + CHUNK_ROWS);
      await sink.write(draw(chunk.map((line) => cellsOf(line, columns)), columns));
    }
    await sink.write("\n");
  };

  return {
    add(result) {
      rows.push(tableRow(item(result), leafStart));
    },
    async close({ finishedAt, summary }) {
      if (rows.length > 0) await writeRows();
      for (const note of notes(summary)) await sink.write(`${paint("faint", note)}\n`);
      const text = summaryText(summary, finishedAt.getTime() - startedAt.getTime());
      await sink.write(`${text.length > width ? text.replace(" · ", "\n") : text}\n`);
    },
  };
}

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the project. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** The text of a file of the project. */
export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The TypeScript files below a folder of the project, as paths from its root. */
export function listSources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

/** What is loaded with a source: the specifiers of its static imports and re-exports of values. */
export function staticImportsOf(path: string): string[] {
  const text = readProjectFile(path).replace(/^\s*\*.*$/gmu, "");
  const patterns = [
    /^(?:import|export)\s(?!type\s)[^;]*?\sfrom\s+"([^"]+)";/gmu,
    /^import\s+"([^"]+)";/gmu,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!));
}

/** What a source imports: the specifiers of static and dynamic imports and re-exports. */
export function importsOf(path: string): string[] {
  const text = readProjectFile(path).replace(/^\s*\*.*$/gmu, "");
  const patterns = [
    /^(?:import|export)\s[^;]*?\sfrom\s+"([^"]+)";/gmu,
    /^import\s+"([^"]+)";/gmu,
    /\bimport\("([^"]+)"[),]/gu,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!));
}

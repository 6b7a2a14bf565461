/** The blocks of code in one language that a page of Markdown has. */
export function codeBlocks(page: string, language: string): string[] {
  const found = page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gmu"));
  return [...found].map((match) => match[1]!);
}

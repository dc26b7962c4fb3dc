/** The document on the integration: its code is the code that runs. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const DOCUMENT = new URL("../../docs/better-auth.md", import.meta.url);
const text = readFileSync(DOCUMENT, "utf8");

// A block of TypeScript, behind the line that links to its file.
const blocks = [...text.matchAll(/\]\(([^)]+)\)[^\n]*:\n\n```ts\n([^]*?)```/g)].map(
  ([, path = "", code = ""]) => ({ path, code }),
);

test("every block of TypeScript says which file it is", () => {
  expect(blocks).toHaveLength(text.split("```ts\n").length - 1);
  expect(blocks.length).toBeGreaterThanOrEqual(3);
});

test.each(blocks)("$path is quoted as it is", ({ path, code }) => {
  expect(code).toBe(readFileSync(new URL(path, DOCUMENT), "utf8"));
});

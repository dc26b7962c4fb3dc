/** The code blocks of docs/better-auth.md are equal to the files that they quote. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const DOCUMENT = new URL("../../docs/better-auth.md", import.meta.url);
const text = readFileSync(DOCUMENT, "utf8");

// A TypeScript block after a line that ends with a link to its file: `[lib/tokens.ts](../frontend/lib/tokens.ts):`.
const blocks = [...text.matchAll(/\]\(([^)]+)\)[^\n]*:\n\n```ts\n([^]*?)```/g)].map(
  ([, path = "", code = ""]) => ({ path, code }),
);

test("every TypeScript block names its file", () => {
  expect(blocks).toHaveLength(text.split("```ts\n").length - 1);
  expect(blocks.length).toBeGreaterThanOrEqual(3);
});

test.each(blocks)("$path is quoted word for word", ({ path, code }) => {
  expect(code).toBe(readFileSync(new URL(path, DOCUMENT), "utf8"));
});

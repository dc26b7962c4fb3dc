/** What the browser is told to allow. */
import { expect, test } from "vitest";
import { describePolicy } from "@/lib/security-headers";

const apiUrl = "http://127.0.0.1:8000";

test("pages load from here alone, and talk to the API besides", () => {
  expect(describePolicy({ nonce: "n", apiUrl, development: false }).split("; ")).toEqual([
    "default-src 'none'",
    "script-src 'self' 'nonce-n' 'strict-dynamic'",
    "style-src 'self' 'nonce-n'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${apiUrl}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]);
});

test("unsafe sources are for development alone", () => {
  expect(describePolicy({ nonce: "n", apiUrl, development: false })).not.toContain("unsafe");
  expect(describePolicy({ nonce: "n", apiUrl, development: true })).toContain("'unsafe-eval'");
});

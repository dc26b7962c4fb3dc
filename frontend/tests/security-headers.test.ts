/** The content security policy. */
import { expect, test } from "vitest";
import { buildPolicy } from "@/lib/security-headers";

const apiUrl = "http://127.0.0.1:8000";

test("pages load scripts and styles from their own origin, and connect to it and to the API", () => {
  expect(buildPolicy({ nonce: "n", apiUrl, development: false }).split("; ")).toEqual([
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

test("unsafe sources are allowed in development only", () => {
  expect(buildPolicy({ nonce: "n", apiUrl, development: false })).not.toContain("unsafe");
  expect(buildPolicy({ nonce: "n", apiUrl, development: true })).toContain("'unsafe-eval'");
});

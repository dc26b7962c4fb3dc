/** The security headers, and the content security policy of a page. */

/** Build the content security policy of a page (CSP Level 3). */
export function buildPolicy({
  nonce,
  apiUrl,
  development,
}: {
  nonce: string;
  apiUrl: string;
  development: boolean;
}): string {
  const directives = {
    "default-src": "'none'",
    // In development, React and Next.js use `eval` and inline styles.
    "script-src": `'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    "style-src": development ? "'self' 'unsafe-inline'" : `'self' 'nonce-${nonce}'`,
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": `'self' ${apiUrl}${development ? " ws:" : ""}`,
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join("; ");
}

/** The headers of every response, of pages and of endpoints. */
export const SECURITY_HEADERS: readonly { key: string; value: string }[] = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=(), payment=()" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
];

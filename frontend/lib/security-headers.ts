/** What the browser is told to allow, and what not. */

/** Describe the policy for a page (CSP Level 3). */
export function describePolicy({
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
    // React's and Next.js's own tools for development evaluate texts and write styles.
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

/** The headers of every answer, pages and endpoints alike. */
export const SECURITY_HEADERS: readonly { key: string; value: string }[] = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=(), payment=()" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
];

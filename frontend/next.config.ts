/** The configuration of Next.js. */
import type { NextConfig } from "next";
import { SECURITY_HEADERS } from "./lib/security-headers";

const config: NextConfig = {
  // `next dev` assumes localhost and blocks its scripts on a page that was opened as http://127.0.0.1:3000.
  allowedDevOrigins: ["127.0.0.1"],
  headers: () => Promise.resolve([{ source: "/:path*", headers: [...SECURITY_HEADERS] }]),
  poweredByHeader: false,
  reactStrictMode: true,
  // Without it, Next.js takes a parent folder with a lock file for the root.
  turbopack: { root: import.meta.dirname },
};

export default config;

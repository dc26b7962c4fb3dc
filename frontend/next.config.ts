/** How Next.js builds and serves the front end. */
import type { NextConfig } from "next";
import { SECURITY_HEADERS } from "./lib/security-headers";

const config: NextConfig = {
  // `next dev` calls itself localhost, and refuses its scripts to a page that is opened by the address.
  allowedDevOrigins: ["127.0.0.1"],
  headers: () => Promise.resolve([{ source: "/:path*", headers: [...SECURITY_HEADERS] }]),
  poweredByHeader: false,
  reactStrictMode: true,
  // Else a lock file in a folder above is taken for the root.
  turbopack: { root: import.meta.dirname },
};

export default config;

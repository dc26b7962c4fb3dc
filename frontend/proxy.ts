/** Sets the content security policy of every page: own scripts and styles only, requests only to here and the API. */
import { NextResponse, type NextRequest } from "next/server";
import { readSettings } from "./lib/settings";
import { buildPolicy } from "./lib/security-headers";

export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const policy = buildPolicy({
    nonce,
    apiUrl: readSettings(process.env).apiUrl,
    development: process.env.NODE_ENV === "development",
  });
  const headers = new Headers(request.headers);
  // Next.js reads the nonce for its own scripts from here.
  headers.set("Content-Security-Policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  return response;
}

export const config = { matcher: ["/((?!api/|_next/static/|icon.svg).*)"] };

/** The headers of every page: scripts and styles of our own alone, and one other address to talk to, the API's. */
import { NextResponse, type NextRequest } from "next/server";
import { readSettings } from "./lib/settings";
import { describePolicy } from "./lib/security-headers";

export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const policy = describePolicy({
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

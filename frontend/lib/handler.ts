/** Handles requests to Better Auth; an unexpected error becomes a 500 and a log line without personal data. */
import type { Auth } from "./auth";
import { writeLog } from "./log";

/** Handle a request to /api/auth. The text of an error may contain a database row, so it is not sent or logged. */
export async function handleRequest(auth: Auth, request: Request): Promise<Response> {
  try {
    return await auth.handler(request);
  } catch (error) {
    writeLog("error", "auth_request_failed", error);
    return Response.json({ message: "The sign-in service is not available right now." }, { status: 500 });
  }
}

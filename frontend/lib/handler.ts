/** How requests to Better Auth are answered when something breaks: 500, and a line in the log without data. */
import type { Auth } from "./auth";
import { writeLog } from "./log";

/** Answer a request to /api/auth; an error's text and the row that it names stay out of answer and log. */
export async function handleRequest(auth: Auth, request: Request): Promise<Response> {
  try {
    return await auth.handler(request);
  } catch (error) {
    writeLog("error", "auth_request_failed", error);
    return Response.json({ message: "The sign-in service cannot answer now." }, { status: 500 });
  }
}

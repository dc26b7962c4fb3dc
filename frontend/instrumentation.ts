/** Runs when the server starts, before the first request: stops the process if a setting is invalid. */

export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { checkSettings } = await import("./lib/start");
  checkSettings();
}

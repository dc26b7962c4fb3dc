/** The start of the server: nothing is served with faulty settings. */

export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { checkSettings } = await import("./lib/start");
  checkSettings();
}

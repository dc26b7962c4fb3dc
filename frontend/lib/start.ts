/** What is checked when the server starts. */
import { readSettings, SettingsError } from "./settings";

/** End the process with a message when the environment is faulty. */
export function checkSettings(): void {
  try {
    readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`front end: the environment is faulty\n${error.message}\n`);
    process.exit(1);
  }
}

/** The check that runs when the server starts. */
import { readSettings, SettingsError } from "./settings";

/** End the process with a message if an environment variable is missing or invalid. */
export function checkSettings(): void {
  try {
    readSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`front end: invalid environment variables\n${error.message}\n`);
    process.exit(1);
  }
}

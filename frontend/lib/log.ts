/** The log of the server: JSON lines without personal data. */

/** Write a line. Of an error, only the name is logged: its message may contain personal data. */
export function writeLog(level: string, message: string, ...details: unknown[]): void {
  const errors = details.filter((detail) => detail instanceof Error).map((error) => error.name);
  const line = { event: message, level, ...(errors.length > 0 && { errors }) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The log of the server: JSON lines without what a caller sent. */

/** Write a line; of errors their names alone, since their texts may hold data. */
export function writeLog(level: string, message: string, ...details: unknown[]): void {
  const errors = details.filter((detail) => detail instanceof Error).map((error) => error.name);
  const line = { event: message, level, ...(errors.length > 0 && { errors }) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

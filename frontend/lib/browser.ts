/** What pages ask of the browser. */

/** Open a whole new page: the router would keep the memory of the user before. */
export function openAnew(path: string): void {
  window.location.assign(path);
}

/** Read a field of a form; one that is no text counts as empty. */
export function readField(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

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

let channel: BroadcastChannel | undefined;

// One for the whole page: a channel does not hear itself, so the page that tells is led by itself alone.
function openChannel(): BroadcastChannel {
  return (channel ??= new BroadcastChannel("sign-out"));
}

/** Tell every other tab that nobody is signed in any more. */
export function announceSignOut(): void {
  openChannel().postMessage(null);
}

/** Be told when another tab signs out; gives what ends that. */
export function hearSignOut(told: () => void): () => void {
  const heard = openChannel();
  heard.addEventListener("message", told);
  return () => {
    heard.removeEventListener("message", told);
  };
}

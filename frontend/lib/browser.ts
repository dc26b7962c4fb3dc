/** Functions of the browser that the pages use. */

/** Open a page with a full load: the router would keep the state of the previous user in memory. */
export function loadPage(path: string): void {
  window.location.assign(path);
}

/** Return the text of a form field; an empty string if it is missing or a file. */
export function readField(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

let signOutChannel: BroadcastChannel | undefined;

// One channel per page: a channel does not receive its own messages, so the sender is not redirected twice.
function openChannel(): BroadcastChannel {
  return (signOutChannel ??= new BroadcastChannel("sign-out"));
}

/** Tell all other tabs that the user signed out. */
export function announceSignOut(): void {
  openChannel().postMessage(null);
}

/** Call a function when the user signs out in another tab. Returns the function that unsubscribes. */
export function onSignOut(callback: () => void): () => void {
  const channel = openChannel();
  channel.addEventListener("message", callback);
  return () => {
    channel.removeEventListener("message", callback);
  };
}

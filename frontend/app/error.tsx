/** What is shown when a page cannot be made. */
"use client";

export default function PageError({ reset }: { reset: () => void }) {
  return (
    <main id="main" tabIndex={-1} className="entry">
      <h1>This page cannot be shown now</h1>
      <p role="alert" className="alert">
        The sign-in service cannot answer. Try again in a moment.
      </p>
      <button type="button" onClick={reset}>
        Try again
      </button>
    </main>
  );
}

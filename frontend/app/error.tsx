/** The error page: shown when rendering a page fails. */
"use client";

export default function PageError({ reset }: { reset: () => void }) {
  return (
    <main id="main" tabIndex={-1} className="entry">
      <h1>Something went wrong</h1>
      <p role="alert" className="alert">
        This page could not be loaded. Try again in a moment.
      </p>
      <button type="button" onClick={reset}>
        Try again
      </button>
    </main>
  );
}

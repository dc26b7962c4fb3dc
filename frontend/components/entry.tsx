/** The layout of the sign-in page and of the sign-up page. */
import type { ReactNode } from "react";

export function Entry({
  heading,
  notice,
  other,
  children,
}: {
  heading: string;
  notice?: string | undefined;
  other: ReactNode;
  children: ReactNode;
}) {
  return (
    <main id="main" tabIndex={-1} className="entry">
      <p className="brand">Tasks</p>
      <h1>{heading}</h1>
      {notice && (
        <p role="status" className="status">
          {notice}
        </p>
      )}
      {children}
      <p className="hint">{other}</p>
    </main>
  );
}

/** The 404 page. */
import Link from "next/link";

export default function NotFound() {
  return (
    <main id="main" tabIndex={-1} className="entry">
      <h1>Page not found</h1>
      <p>
        <Link href="/">Go to your tasks</Link>
      </p>
    </main>
  );
}

/** What is shown where there is no page. */
import Link from "next/link";

export default function NotFound() {
  return (
    <main id="main" tabIndex={-1} className="entry">
      <h1>There is no such page</h1>
      <p>
        <Link href="/">Go to your tasks</Link>
      </p>
    </main>
  );
}

/** The header of the pages for signed-in users: navigation, the user's name and the sign-out button. */
"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import { NO_RESPONSE, authClient, describeFailure } from "@/lib/auth-client";
import { announceSignOut, onSignOut, loadPage } from "@/lib/browser";
import { useApi } from "./api-provider";

const PAGES = [
  { path: "/tasks", label: "Tasks" },
  { path: "/account", label: "Account" },
] as const;

export function Header({ name }: { name: string }) {
  const pathname = usePathname();
  const { tokens } = useApi();
  const [errorMessage, setErrorMessage] = useState<string | null>(null);

  useEffect(
    () =>
      onSignOut(() => {
        tokens.clear();
        loadPage("/sign-in?notice=signed-out");
      }),
    [tokens],
  );

  async function signOut() {
    const { error } = await authClient.signOut().catch(() => NO_RESPONSE);
    if (error) {
      setErrorMessage(describeFailure(error));
      return;
    }
    tokens.clear();
    announceSignOut();
    loadPage("/sign-in?notice=signed-out");
  }

  return (
    <header>
      <div className="bar">
        <nav aria-label="Pages">
          {PAGES.map(({ path, label }) => (
            <Link key={path} href={path} aria-current={pathname === path ? "page" : undefined}>
              {label}
            </Link>
          ))}
        </nav>
        <span className="who">{name}</span>
        <button type="button" onClick={signOut}>
          Sign out
        </button>
      </div>
      <p role="alert" className="alert" hidden={!errorMessage}>
        {errorMessage}
      </p>
    </header>
  );
}

/** The head of the pages behind the sign-in: where to go, who is signed in, and out. */
"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import { UNREACHABLE, authClient, describeFailure } from "@/lib/auth-client";
import { announceSignOut, hearSignOut, openAnew } from "@/lib/browser";
import { useApi } from "./api-provider";

const PAGES = [
  { path: "/tasks", label: "Tasks" },
  { path: "/account", label: "Account" },
] as const;

export function Header({ name }: { name: string }) {
  const here = usePathname();
  const { tokens } = useApi();
  const [fault, setFault] = useState<string | null>(null);

  useEffect(
    () =>
      hearSignOut(() => {
        tokens.clear();
        openAnew("/sign-in?notice=signed-out");
      }),
    [tokens],
  );

  async function signOut() {
    const { error } = await authClient.signOut().catch(() => UNREACHABLE);
    if (error) {
      setFault(describeFailure(error));
      return;
    }
    tokens.clear();
    announceSignOut();
    openAnew("/sign-in?notice=signed-out");
  }

  return (
    <header>
      <div className="bar">
        <nav aria-label="Pages">
          {PAGES.map(({ path, label }) => (
            <Link key={path} href={path} aria-current={here === path ? "page" : undefined}>
              {label}
            </Link>
          ))}
        </nav>
        <span className="who">{name}</span>
        <button type="button" onClick={signOut}>
          Sign out
        </button>
      </div>
      <p role="alert" className="alert" hidden={!fault}>
        {fault}
      </p>
    </header>
  );
}

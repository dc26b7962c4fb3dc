/** The page for signing in. */
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { CredentialsForm } from "@/components/credentials-form";
import { Entry } from "@/components/entry";
import { getSession } from "@/lib/server";

export const metadata: Metadata = { title: "Sign in" };

const NOTICES: Readonly<Record<string, string>> = {
  "signed-out": "You are signed out.",
  ended: "Your session has ended. Sign in to go on.",
  erased: "Your account and everything in it is erased.",
};

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  if (await getSession()) redirect("/tasks");
  const { notice } = await searchParams;
  return (
    <Entry
      heading="Sign in"
      notice={typeof notice === "string" && Object.hasOwn(NOTICES, notice) ? NOTICES[notice] : undefined}
      other={
        <>
          No account yet? <Link href="/sign-up">Create one</Link>
        </>
      }
    >
      <CredentialsForm purpose="sign-in" />
    </Entry>
  );
}

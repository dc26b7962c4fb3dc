/** The sign-in page. */
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { CredentialsForm } from "@/components/credentials-form";
import { Entry } from "@/components/entry";
import { getSession } from "@/lib/server";

export const metadata: Metadata = { title: "Sign in" };

const NOTICES: Readonly<Record<string, string>> = {
  "signed-out": "You are signed out.",
  ended: "Your session has expired. Sign in again.",
  erased: "Your account and all its data have been deleted.",
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
          No account yet? <Link href="/sign-up">Sign up</Link>
        </>
      }
    >
      <CredentialsForm purpose="sign-in" />
    </Entry>
  );
}

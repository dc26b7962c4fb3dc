/** The sign-up page. */
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { CredentialsForm } from "@/components/credentials-form";
import { Entry } from "@/components/entry";
import { getSession } from "@/lib/server";

export const metadata: Metadata = { title: "Sign up" };

export default async function SignUpPage() {
  if (await getSession()) redirect("/tasks");
  return (
    <Entry
      heading="Create an account"
      other={
        <>
          Already have an account? <Link href="/sign-in">Sign in</Link>
        </>
      }
    >
      <CredentialsForm purpose="sign-up" />
    </Entry>
  );
}

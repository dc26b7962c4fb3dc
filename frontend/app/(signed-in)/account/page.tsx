/** The account page: export the user's data, or delete the account. */
import type { Metadata } from "next";
import { EraseAccount } from "@/components/erase-account";
import { ExportData } from "@/components/export-data";
import { requireSession } from "@/lib/server";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  const { user } = await requireSession();
  return (
    <>
      <h1>Account</h1>
      <dl className="card facts">
        <dt>Name</dt>
        <dd>{user.name}</dd>
        <dt>E-mail</dt>
        <dd>{user.email}</dd>
      </dl>
      <ExportData />
      <EraseAccount />
    </>
  );
}

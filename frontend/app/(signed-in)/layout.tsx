/** The layout of the pages for signed-in users. */
import type { ReactNode } from "react";
import { ApiProvider } from "@/components/api-provider";
import { Header } from "@/components/header";
import { getSettings, requireSession } from "@/lib/server";

export default async function SignedInLayout({ children }: { children: ReactNode }) {
  const { user } = await requireSession();
  return (
    <ApiProvider apiUrl={getSettings().apiUrl} userId={user.id}>
      <Header name={user.name} />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </ApiProvider>
  );
}

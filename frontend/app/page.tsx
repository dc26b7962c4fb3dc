/** The home page: redirects to the tasks, or to the sign-in page. */
import { redirect } from "next/navigation";
import { getSession } from "@/lib/server";

export default async function HomePage() {
  redirect((await getSession()) ? "/tasks" : "/sign-in");
}

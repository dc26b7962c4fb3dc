/** The entrance: leads to the tasks, or to the page for signing in. */
import { redirect } from "next/navigation";
import { getSession } from "@/lib/server";

export default async function Entrance() {
  redirect((await getSession()) ? "/tasks" : "/sign-in");
}

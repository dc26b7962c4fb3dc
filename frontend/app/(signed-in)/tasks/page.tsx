/** The tasks page. */
import type { Metadata } from "next";
import { TaskBoard } from "@/components/task-board";
import { requireSession } from "@/lib/server";

export const metadata: Metadata = { title: "Your tasks" };

export default async function TasksPage() {
  await requireSession();
  return <TaskBoard />;
}

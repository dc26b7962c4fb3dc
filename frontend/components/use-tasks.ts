/** The tasks that the page shows, and the functions that change them. */
"use client";

import { useCallback, useEffect, useState } from "react";
import { receive, type ApiClient, type Task } from "@/lib/api-client";
import { explainError, useApi } from "./api-provider";

export interface TaskText {
  title: string;
  description: string;
}

interface Board {
  tasks: readonly Task[];
  /** The cursor of the next page: null on the last page, undefined until the first page has loaded. */
  next: string | null | undefined;
}

export interface TaskList extends Board {
  status: string;
  errorMessage: string | null;
  /** Like the four below, returns true on success and sets `errorMessage` otherwise. */
  add: (title: string) => Promise<boolean>;
  complete: (task: Task) => Promise<boolean>;
  change: (task: Task, text: TaskText) => Promise<boolean>;
  remove: (task: Task) => Promise<boolean>;
  loadMore: () => Promise<boolean>;
}

const PAGE = 50;

function fetchPage(client: ApiClient, cursor?: string) {
  const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) };
  return receive(client.GET("/api/tasks", { params: { query } }));
}

export function useTasks(): TaskList {
  const { client } = useApi();
  const [board, setBoard] = useState<Board>({ tasks: [], next: undefined });
  const [status, setStatus] = useState("");
  const [errorMessage, setErrorMessage] = useState<string | null>(null);

  const attempt = useCallback(async (success: string, act: () => Promise<void>): Promise<boolean> => {
    setErrorMessage(null);
    setStatus("");
    try {
      await act();
    } catch (error) {
      setErrorMessage(explainError(error));
      return false;
    }
    setStatus(success);
    return true;
  }, []);

  useEffect(() => {
    fetchPage(client).then(
      (page) => {
        // A task added while the request was in flight may be missing in the response: keep it.
        setBoard(({ tasks }) => ({
          tasks: [...tasks.filter(({ id }) => !page.items.some((item) => item.id === id)), ...page.items],
          next: page.next,
        }));
      },
      (error: unknown) => {
        setErrorMessage(explainError(error));
      },
    );
  }, [client]);

  const replaceTask = (changed: Task) => {
    setBoard(({ tasks, next }) => ({
      next,
      tasks: tasks.map((task) => (task.id === changed.id ? changed : task)),
    }));
  };
  const pathOf = (task: Task) => ({ params: { path: { task_id: task.id } } });

  return {
    ...board,
    status,
    errorMessage,
    add: (title) =>
      attempt(`Added “${title}”.`, async () => {
        const task = await receive(client.POST("/api/tasks", { body: { title, description: "" } }));
        setBoard(({ tasks, next }) => ({ next, tasks: [task, ...tasks] }));
      }),
    complete: (task) =>
      attempt(`Completed “${task.title}”.`, async () => {
        replaceTask({ ...task, completed: true });
        try {
          replaceTask(await receive(client.POST("/api/tasks/{task_id}/complete", pathOf(task))));
        } catch (error) {
          replaceTask(task);
          throw error;
        }
      }),
    change: (task, text) =>
      attempt(`Saved “${text.title}”.`, async () => {
        replaceTask(await receive(client.PUT("/api/tasks/{task_id}", { ...pathOf(task), body: text })));
      }),
    remove: (task) =>
      attempt(`Deleted “${task.title}”.`, async () => {
        await receive(client.DELETE("/api/tasks/{task_id}", pathOf(task)));
        setBoard(({ tasks, next }) => ({ next, tasks: tasks.filter(({ id }) => id !== task.id) }));
      }),
    loadMore: () =>
      attempt("More tasks loaded.", async () => {
        const page = await fetchPage(client, board.next ?? undefined);
        setBoard(({ tasks }) => ({ tasks: [...tasks, ...page.items], next: page.next }));
      }),
  };
}

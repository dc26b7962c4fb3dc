/** The user's tasks, as the page holds them, and what can be done with them. */
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
  /** Where the next page begins; null on the last one, undefined before the first is here. */
  next: string | null | undefined;
}

export interface TaskList extends Board {
  said: string;
  fault: string | null;
  /** All of them: true when it was done. */
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
  const [said, say] = useState("");
  const [fault, setFault] = useState<string | null>(null);

  const attempt = useCallback(async (words: string, act: () => Promise<void>): Promise<boolean> => {
    setFault(null);
    say("");
    try {
      await act();
    } catch (error) {
      setFault(explainError(error));
      return false;
    }
    say(words);
    return true;
  }, []);

  useEffect(() => {
    fetchPage(client).then(
      (page) => {
        // What was added while the page was on its way may not be on it.
        setBoard(({ tasks }) => ({
          tasks: [...tasks.filter(({ id }) => !page.items.some((item) => item.id === id)), ...page.items],
          next: page.next,
        }));
      },
      (error: unknown) => {
        setFault(explainError(error));
      },
    );
  }, [client]);

  const put = (changed: Task) => {
    setBoard(({ tasks, next }) => ({
      next,
      tasks: tasks.map((task) => (task.id === changed.id ? changed : task)),
    }));
  };
  const at = (task: Task) => ({ params: { path: { task_id: task.id } } });

  return {
    ...board,
    said,
    fault,
    add: (title) =>
      attempt(`Added “${title}”.`, async () => {
        const task = await receive(client.POST("/api/tasks", { body: { title, description: "" } }));
        setBoard(({ tasks, next }) => ({ next, tasks: [task, ...tasks] }));
      }),
    complete: (task) =>
      attempt(`Completed “${task.title}”.`, async () => {
        put({ ...task, completed: true });
        try {
          put(await receive(client.POST("/api/tasks/{task_id}/complete", at(task))));
        } catch (error) {
          put(task);
          throw error;
        }
      }),
    change: (task, text) =>
      attempt(`Saved “${text.title}”.`, async () => {
        put(await receive(client.PUT("/api/tasks/{task_id}", { ...at(task), body: text })));
      }),
    remove: (task) =>
      attempt(`Deleted “${task.title}”.`, async () => {
        await receive(client.DELETE("/api/tasks/{task_id}", at(task)));
        setBoard(({ tasks, next }) => ({ next, tasks: tasks.filter(({ id }) => id !== task.id) }));
      }),
    loadMore: () =>
      attempt("More tasks are shown.", async () => {
        const page = await fetchPage(client, board.next ?? undefined);
        setBoard(({ tasks }) => ({ tasks: [...tasks, ...page.items], next: page.next }));
      }),
  };
}

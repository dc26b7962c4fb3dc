/** The list of the user's tasks, and the form for a new task. */
"use client";

import { useRef, useState } from "react";
import { readField } from "@/lib/browser";
import { TaskItem } from "./task-item";
import { useTasks } from "./use-tasks";

export function TaskBoard() {
  const list = useTasks();
  const heading = useRef<HTMLHeadingElement>(null);
  const [draft, setDraft] = useState("");
  const { tasks, next, status, errorMessage } = list;

  async function add(form: FormData) {
    const title = readField(form, "title").trim();
    if (!title) return;
    // React resets the form after the action: a title that could not be added is filled in again.
    setDraft((await list.add(title)) ? "" : title);
  }

  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        Tasks
      </h1>
      <form action={add} className="inline-form">
        <label className="field">
          <span>New task</span>
          <input
            name="title"
            defaultValue={draft}
            required
            maxLength={200}
            pattern=".*\S.*"
            title="At least one character that is not a space"
            autoComplete="off"
          />
        </label>
        <button type="submit" className="primary">
          Add
        </button>
      </form>
      <p role="alert" className="alert" hidden={!errorMessage}>
        {errorMessage}
      </p>
      <p role="status" className="status">
        {status}
      </p>
      {next === undefined && !errorMessage && <p className="hint">Loading your tasks …</p>}
      {next === null && tasks.length === 0 && (
        <p className="empty">You have no tasks yet. Add your first one above.</p>
      )}
      <ul className="tasks">
        {tasks.map((task) => (
          <TaskItem
            key={task.id}
            task={task}
            list={list}
            onRemoved={() => {
              heading.current?.focus();
            }}
          />
        ))}
      </ul>
      {next && (
        <button type="button" onClick={list.loadMore}>
          Show more
        </button>
      )}
    </>
  );
}

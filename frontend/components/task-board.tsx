/** The user's tasks, and the field for a new one. */
"use client";

import { useRef, useState } from "react";
import { readField } from "@/lib/browser";
import { TaskItem } from "./task-item";
import { useTasks } from "./use-tasks";

export function TaskBoard() {
  const list = useTasks();
  const heading = useRef<HTMLHeadingElement>(null);
  const [draft, setDraft] = useState("");
  const { tasks, next, said, fault } = list;

  async function add(form: FormData) {
    const title = readField(form, "title").trim();
    if (!title) return;
    // The form is emptied when it was sent; what could not be added stays in it.
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
            title="A few words"
            autoComplete="off"
          />
        </label>
        <button type="submit" className="primary">
          Add
        </button>
      </form>
      <p role="alert" className="alert" hidden={!fault}>
        {fault}
      </p>
      <p role="status" className="status">
        {said}
      </p>
      {next === undefined && !fault && <p className="hint">Loading your tasks …</p>}
      {next === null && tasks.length === 0 && (
        <p className="empty">Nothing to do yet. Add your first task above.</p>
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

/** The form for editing the title and the notes of a task. */
"use client";

import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Task } from "@/lib/api-client";
import type { TaskText } from "./use-tasks";

interface Props {
  task: Task;
  /** Returns true if the task was saved. */
  save: (text: TaskText) => Promise<boolean>;
  onDone: () => void;
}

export function TaskEditor({ task, save, onDone }: Props) {
  const [text, setText] = useState<TaskText>({ title: task.title, description: task.description });
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.select(), []);

  const closeOnEscape = ({ key }: KeyboardEvent) => {
    if (key === "Escape") onDone();
  };

  async function submit() {
    if (await save({ ...text, title: text.title.trim() })) onDone();
  }

  return (
    <form className="stack" action={submit}>
      <label className="field">
        <span>Title</span>
        <input
          ref={first}
          required
          maxLength={200}
          pattern=".*\S.*"
          autoComplete="off"
          onKeyDown={closeOnEscape}
          value={text.title}
          onChange={({ target }) => {
            setText({ ...text, title: target.value });
          }}
        />
      </label>
      <label className="field">
        <span>Notes (optional)</span>
        <textarea
          rows={3}
          maxLength={2000}
          onKeyDown={closeOnEscape}
          value={text.description}
          onChange={({ target }) => {
            setText({ ...text, description: target.value });
          }}
        />
      </label>
      <div className="actions">
        <button type="submit" className="primary">
          Save
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </form>
  );
}

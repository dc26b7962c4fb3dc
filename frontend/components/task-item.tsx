/** One task of the list, with its checkbox and its buttons. */
"use client";

import { useEffect, useRef, useState } from "react";
import type { Task } from "@/lib/api-client";
import { TaskEditor } from "./task-editor";
import type { TaskList } from "./use-tasks";

interface Props {
  task: Task;
  list: TaskList;
  /** Called when the row was removed. Its button had the focus, which is lost with it. */
  onRemoved: () => void;
}

export function TaskItem({ task, list, onRemoved }: Props) {
  const [editing, setEditing] = useState(false);
  const [wasEditing, setWasEditing] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);

  // When the editor closes, the focus returns to the Edit button.
  useEffect(() => {
    if (wasEditing && !editing) edit.current?.focus();
  }, [editing, wasEditing]);

  if (editing)
    return (
      <li>
        <TaskEditor
          task={task}
          save={(text) => list.change(task, text)}
          onDone={() => {
            setEditing(false);
            setWasEditing(true);
          }}
        />
      </li>
    );

  return (
    <li className="task">
      <label className="check">
        <input
          type="checkbox"
          checked={task.completed}
          // A completed task cannot be reopened. `disabled` would take it out of the tab order.
          aria-disabled={task.completed}
          onChange={() => {
            if (!task.completed) void list.complete(task);
          }}
        />
        <span className="title">{task.title}</span>
      </label>
      {task.description && <p className="description">{task.description}</p>}
      <div className="actions">
        <button
          type="button"
          ref={edit}
          aria-label={`Edit ${task.title}`}
          onClick={() => {
            setEditing(true);
          }}
        >
          Edit
        </button>
        <button
          type="button"
          className="quiet-danger"
          aria-label={`Delete ${task.title}`}
          onClick={async () => {
            if (await list.remove(task)) onRemoved();
          }}
        >
          Delete
        </button>
      </div>
    </li>
  );
}

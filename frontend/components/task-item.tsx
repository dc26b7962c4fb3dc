/** One task: to be completed, edited and deleted. */
"use client";

import { useEffect, useRef, useState } from "react";
import type { Task } from "@/lib/api-client";
import { TaskEditor } from "./task-editor";
import type { TaskList } from "./use-tasks";

interface Props {
  task: Task;
  list: TaskList;
  /** Called when the row is gone, and the focus with it. */
  onRemoved: () => void;
}

export function TaskItem({ task, list, onRemoved }: Props) {
  const [editing, setEditing] = useState(false);
  const [wasEditing, setWasEditing] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);

  // Back from the editor, the focus goes where it came from.
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
          // A completed task stays completed; unlike `disabled`, this keeps it readable by keyboard.
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

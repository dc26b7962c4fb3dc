/** Deletes the account after the user typed a word to confirm: the data first, then the login. */
"use client";

import { useRef, useState } from "react";
import { isFresh, removeUser } from "@/lib/auth-client";
import { announceSignOut, loadPage, readField } from "@/lib/browser";
import { eraseAccount } from "@/lib/erase-account";
import { explainError, useApi } from "./api-provider";

const WORD = "DELETE";

export function EraseAccount() {
  const { client, tokens } = useApi();
  const dialog = useRef<HTMLDialogElement>(null);
  const word = useRef<HTMLInputElement>(null);
  const [errorMessage, setErrorMessage] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function erase(form: FormData) {
    if (readField(form, "word").trim() !== WORD) {
      setErrorMessage(`Type ${WORD}, in capitals, to confirm.`);
      word.current?.focus();
      return;
    }
    setErrorMessage(null);
    setBusy(true);
    try {
      await eraseAccount(client, { isFresh, removeUser });
      tokens.clear();
      announceSignOut();
      loadPage("/sign-in?notice=erased");
    } catch (error) {
      setErrorMessage(explainError(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <section aria-labelledby="erase" className="card stack">
      <h2 id="erase">Delete your account</h2>
      <p>
        Deletes your tasks, your name, your e-mail address and your login. This cannot be undone. Export your
        data first if you want to keep it.
      </p>
      <button
        type="button"
        className="danger"
        onClick={() => {
          setErrorMessage(null);
          dialog.current?.showModal();
        }}
      >
        Delete my account
      </button>
      <dialog ref={dialog} aria-labelledby="erase-heading">
        <form action={erase} className="stack">
          <h2 id="erase-heading">Delete your account?</h2>
          <p>All your tasks and your login will be permanently deleted.</p>
          <p role="alert" className="alert" hidden={!errorMessage}>
            {errorMessage}
          </p>
          <label className="field">
            <span>Type {WORD} to confirm</span>
            <input ref={word} name="word" autoComplete="off" autoCapitalize="characters" spellCheck={false} />
          </label>
          <div className="actions">
            <button type="submit" className="danger" disabled={busy}>
              Delete permanently
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Keep my account
            </button>
          </div>
        </form>
      </dialog>
    </section>
  );
}

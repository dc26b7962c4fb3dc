/** Has the account erased: the data first, then the sign-in, after a confirmation that is typed. */
"use client";

import { useRef, useState } from "react";
import { isFresh, removeUser } from "@/lib/auth-client";
import { announceSignOut, openAnew, readField } from "@/lib/browser";
import { eraseAccount } from "@/lib/erase-account";
import { explainError, useApi } from "./api-provider";

const WORD = "ERASE";

export function EraseAccount() {
  const { client, tokens } = useApi();
  const dialog = useRef<HTMLDialogElement>(null);
  const word = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function erase(form: FormData) {
    if (readField(form, "word").trim() !== WORD) {
      setFault(`Type ${WORD}, in capitals, to confirm.`);
      word.current?.focus();
      return;
    }
    setFault(null);
    setBusy(true);
    try {
      await eraseAccount(client, { isFresh, removeUser });
      tokens.clear();
      announceSignOut();
      openAnew("/sign-in?notice=erased");
    } catch (error) {
      setFault(explainError(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <section aria-labelledby="erase" className="card stack">
      <h2 id="erase">Erase your account</h2>
      <p>
        Removes your tasks, your name, your e-mail and your sign-in. It cannot be undone: export your data
        first if you want to keep it.
      </p>
      <button
        type="button"
        className="danger"
        onClick={() => {
          setFault(null);
          dialog.current?.showModal();
        }}
      >
        Erase my account
      </button>
      <dialog ref={dialog} aria-labelledby="erase-heading">
        <form action={erase} className="stack">
          <h2 id="erase-heading">Erase your account?</h2>
          <p>All your tasks and your sign-in will be gone for good.</p>
          <p role="alert" className="alert" hidden={!fault}>
            {fault}
          </p>
          <label className="field">
            <span>Type {WORD} to confirm</span>
            <input ref={word} name="word" autoComplete="off" autoCapitalize="characters" spellCheck={false} />
          </label>
          <div className="actions">
            <button type="submit" className="danger" disabled={busy}>
              Erase for good
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

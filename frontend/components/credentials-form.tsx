/** The form of the sign-in page and of the sign-up page. */
"use client";

import { useActionState, useEffect, useRef } from "react";
import { loadPage, readField } from "@/lib/browser";
import { authClient, describeFailure } from "@/lib/auth-client";

type Purpose = "sign-in" | "sign-up";

interface State {
  errorMessage: string | null;
  name: string;
  email: string;
}

const EMPTY: State = { errorMessage: null, name: "", email: "" };

async function submit(purpose: Purpose, form: FormData): Promise<State> {
  const credentials = { email: readField(form, "email").trim(), password: readField(form, "password") };
  const name = readField(form, "name").trim();
  try {
    const { error } =
      purpose === "sign-up"
        ? await authClient.signUp.email({ ...credentials, name })
        : await authClient.signIn.email(credentials);
    if (error) return { errorMessage: describeFailure(error), name, email: credentials.email };
  } catch {
    return { errorMessage: describeFailure({ status: 0 }), name, email: credentials.email };
  }
  loadPage("/tasks");
  return { errorMessage: null, name, email: credentials.email };
}

export function CredentialsForm({ purpose }: { purpose: Purpose }) {
  const [state, action, pending] = useActionState(
    (_before: State, form: FormData) => submit(purpose, form),
    EMPTY,
  );
  const alert = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (state.errorMessage) alert.current?.focus();
  }, [state]);
  const isNew = purpose === "sign-up";
  return (
    <form action={action} className="card stack">
      <p role="alert" className="alert" ref={alert} tabIndex={-1} hidden={!state.errorMessage}>
        {state.errorMessage}
      </p>
      {isNew && (
        <label className="field">
          <span>Name</span>
          <input name="name" autoComplete="name" required maxLength={100} defaultValue={state.name} />
        </label>
      )}
      <label className="field">
        <span>E-mail</span>
        <input
          name="email"
          type="email"
          autoComplete={isNew ? "email" : "username"}
          required
          maxLength={254}
          defaultValue={state.email}
        />
      </label>
      <label className="field">
        <span>Password</span>
        <input
          name="password"
          type="password"
          autoComplete={isNew ? "new-password" : "current-password"}
          required
          minLength={isNew ? 8 : undefined}
          maxLength={128}
          aria-describedby={isNew ? "password-hint" : undefined}
        />
      </label>
      {isNew && (
        <p id="password-hint" className="hint">
          At least 8 characters. Several words in a row make a good password.
        </p>
      )}
      <button type="submit" className="primary" aria-disabled={pending}>
        {isNew ? "Sign up" : "Sign in"}
      </button>
    </form>
  );
}

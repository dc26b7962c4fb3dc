/** Hands the client of the API to the pages of one user, with the token in its memory. */
"use client";

import { createContext, use, useState, type ReactNode } from "react";
import { createApiClient, type ApiClient } from "@/lib/api-client";
import { openAnew } from "@/lib/browser";
import { fetchToken } from "@/lib/auth-client";
import { createTokenStore, SignedOutError, type TokenStore } from "@/lib/token-store";

interface Api {
  client: ApiClient;
  tokens: TokenStore;
}

const ApiContext = createContext<Api | null>(null);

export function ApiProvider({
  apiUrl,
  userId,
  children,
}: {
  apiUrl: string;
  userId: string;
  children: ReactNode;
}) {
  const [api] = useState<Api>(() => {
    const tokens = createTokenStore({ fetchToken, subject: userId });
    return { tokens, client: createApiClient(apiUrl, tokens) };
  });
  return <ApiContext value={api}>{children}</ApiContext>;
}

export function useApi(): Api {
  const api = use(ApiContext);
  if (!api) throw new Error("useApi outside of ApiProvider: put the page under app/(signed-in)");
  return api;
}

/** Put an error into words for the user; whoever is signed out is led to the page for signing in. */
export function explainError(error: unknown): string {
  if (error instanceof SignedOutError) openAnew("/sign-in?notice=ended");
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}

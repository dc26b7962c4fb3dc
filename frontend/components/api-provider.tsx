/** Gives the pages of one user an API client, which keeps the user's token in memory. */
"use client";

import { createContext, use, useState, type ReactNode } from "react";
import { createApiClient, type ApiClient } from "@/lib/api-client";
import { loadPage } from "@/lib/browser";
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

/** Return a message for the user; open the sign-in page if the session has ended. */
export function explainError(error: unknown): string {
  if (error instanceof SignedOutError) loadPage("/sign-in?notice=ended");
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}

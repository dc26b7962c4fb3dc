/** Keeps the token for the API, in the memory of this page only. */
import { decodeJwt } from "jose";

/** The session has ended, or another user signed in. */
export class SignedOutError extends Error {
  override name = "SignedOutError";
  constructor() {
    super("You are signed out. Sign in again.");
  }
}

export interface TokenStore {
  /** Return a token, fetching a new one if the held one is missing or about to expire. */
  get: () => Promise<string>;
  /** Return a token other than this one, which the API rejected. */
  replace: (rejected: string) => Promise<string>;
  /** Forget the token; the result of a fetch in flight is discarded. */
  clear: () => void;
}

interface Options {
  /** Request a token from Better Auth; throws SignedOutError if there is no session. */
  fetchToken: () => Promise<string>;
  /** The id of the user whom this page was rendered for. */
  subject: string;
  /** The time, in milliseconds. */
  now?: () => number;
}

interface HeldToken {
  token: string;
  renewAt: number;
  endsAt: number;
}

const LONGEST_MARGIN = 60_000;

/** Create an empty store. */
export function createTokenStore({ fetchToken, subject, now = Date.now }: Options): TokenStore {
  let held: HeldToken | null = null;
  let renewal: Promise<HeldToken> | null = null;
  // Incremented by `clear`: a token that was requested before it is discarded.
  let generation = 0;

  async function fetchHeld(): Promise<HeldToken> {
    const started = { generation, at: now() };
    const token = await fetchToken();
    const fetched = readLifetime(token, subject, started.at);
    if (started.generation !== generation) throw new SignedOutError();
    held = fetched;
    return fetched;
  }

  function renew(): Promise<HeldToken> {
    if (renewal) return renewal;
    const mine = fetchHeld().finally(() => {
      if (renewal === mine) renewal = null;
    });
    renewal = mine;
    return mine;
  }

  return {
    async get() {
      const current = held;
      if (current && now() < current.renewAt) return current.token;
      try {
        return (await renew()).token;
      } catch (error) {
        // Renewal starts a margin before the expiry, so the old token still works while Better Auth is down.
        if (!(error instanceof SignedOutError) && current && current === held && now() < current.endsAt)
          return current.token;
        throw error;
      }
    },
    async replace(rejected) {
      if (held?.token === rejected) held = null;
      return held?.token ?? (await renew()).token;
    },
    clear() {
      generation += 1;
      held = null;
      renewal = null;
    },
  };
}

/**
 * Work out when a token expires by this machine's clock.
 *
 * Its lifetime, `exp - iat`, counts from the moment of the request, so a wrong clock does no harm.
 */
function readLifetime(token: string, subject: string, requestedAt: number): HeldToken {
  const { exp, iat, sub } = decodeJwt(token);
  if (sub !== subject) throw new SignedOutError();
  if (exp === undefined || iat === undefined)
    throw new Error("The token has no expiry time (exp) or no issue time (iat): see docs/better-auth.md.");
  const lifetime = (exp - iat) * 1000;
  const endsAt = requestedAt + lifetime;
  return { token, endsAt, renewAt: endsAt - Math.min(lifetime / 5, LONGEST_MARGIN) };
}

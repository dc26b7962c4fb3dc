/** The token for the API, in the memory of this page and nowhere else. */
import { decodeJwt } from "jose";

/** Nobody is signed in any more, or somebody else is. */
export class SignedOutError extends Error {
  override name = "SignedOutError";
  constructor() {
    super("You are signed out. Sign in again.");
  }
}

export interface TokenStore {
  /** Give a token that does not end soon, renewed if need be. */
  get: () => Promise<string>;
  /** Give another token than the one that the API refused. */
  replace: (refused: string) => Promise<string>;
  /** Forget the token; a renewal under way brings none back. */
  clear: () => void;
}

interface Options {
  /** Ask Better Auth for a token; throws SignedOutError when there is no session. */
  fetchToken: () => Promise<string>;
  /** The user whom this page was made for. */
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

/** Make a store without a token. */
export function createTokenStore({ fetchToken, subject, now = Date.now }: Options): TokenStore {
  let held: HeldToken | null = null;
  let renewal: Promise<HeldToken> | null = null;
  // Raised when the token is forgotten: what was asked for before counts no more.
  let era = 0;

  async function fetchHeld(): Promise<HeldToken> {
    const started = { era, at: now() };
    const token = await fetchToken();
    const fetched = dateToken(token, subject, started.at);
    if (started.era !== era) throw new SignedOutError();
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
        // The margin is there for this: the old token still has some life.
        if (!(error instanceof SignedOutError) && current && current === held && now() < current.endsAt)
          return current.token;
        throw error;
      }
    },
    async replace(refused) {
      if (held?.token === refused) held = null;
      return held?.token ?? (await renew()).token;
    },
    clear() {
      era += 1;
      held = null;
      renewal = null;
    },
  };
}

/**
 * Date a token by this machine's clock.
 *
 * Its life counts from the moment when it was asked for, so a clock that is wrong does no harm.
 */
function dateToken(token: string, subject: string, askedAt: number): HeldToken {
  const { exp, iat, sub } = decodeJwt(token);
  if (sub !== subject) throw new SignedOutError();
  if (exp === undefined || iat === undefined)
    throw new Error("The token has no end: see docs/better-auth.md.");
  const lifetime = (exp - iat) * 1000;
  const endsAt = askedAt + lifetime;
  return { token, endsAt, renewAt: endsAt - Math.min(lifetime / 5, LONGEST_MARGIN) };
}

/** Parses the address of a database as node-postgres does. */
import { z } from "zod";

// The part before a missing host: `postgresql://u:p@/tasks` -> `postgresql://u:p@`. The driver would use PGHOST.
const NO_HOST = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?=(?::\d*)?(?:[/?#]|$))/;
const TLS_MODES: readonly unknown[] = ["require", "verify-ca", "verify-full"];

/**
 * Add `localhost` to an address without a host: `postgresql://u:p@:5432/tasks` -> `postgresql://u:p@localhost:5432/tasks`.
 *
 * The driver cannot parse a port without a host.
 */
export function addDefaultHost(address: string): string {
  return address.replace(NO_HOST, "$1localhost");
}

/** Return whether this is a valid PostgreSQL address. */
export function isAddress(address: string): boolean {
  return read(address) !== null;
}

/** Return whether the database is on this machine, or the address requires TLS. */
export function isLocalOrEncrypted(address: string): boolean {
  const target = read(address);
  return !!target && (isLocal(target.host) || TLS_MODES.includes(target.sslmode));
}

function read(address: string): { host: string; sslmode: string | undefined } | null {
  if (!/^postgres(ql)?:\/\//.test(address)) return null;
  try {
    const url = new URL(addDefaultHost(address));
    // As in node-postgres: `?host=` overrides the host of the URL, and of a repeated option the last value wins.
    const options = new Map(url.searchParams);
    const host = options.get("host") ?? "";
    return {
      host: host || decodeURIComponent(url.hostname).replace(/^\[(.+)\]$/, "$1"),
      sslmode: options.get("sslmode"),
    };
  } catch {
    return null;
  }
}

function isLocal(host: string): boolean {
  const isLoopback = host === "::1" || (host.startsWith("127.") && z.ipv4().safeParse(host).success);
  return host.startsWith("/") || host === "localhost" || isLoopback;
}

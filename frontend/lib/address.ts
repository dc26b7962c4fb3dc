/** The address of a database, read as node-postgres reads it. */
import { z } from "zod";

// Whatever stands before a host that is not named: there the driver would take the one of PGHOST.
const NO_HOST = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?=(?::\d*)?(?:[/?#]|$))/;
const TLS_MODES: readonly unknown[] = ["require", "verify-ca", "verify-full"];

/** Name the host of an address that has none, which the driver's parser needs beside a port. */
export function nameHost(address: string): string {
  return address.replace(NO_HOST, "$1localhost");
}

/** Tell whether an address can be read. */
export function isAddress(address: string): boolean {
  return read(address) !== null;
}

/** Tell whether an address stays on this machine, or goes over a network by TLS alone. */
export function isGuarded(address: string): boolean {
  const there = read(address);
  return !!there && (isNear(there.host) || TLS_MODES.includes(there.sslmode));
}

function read(address: string): { host: string; sslmode: string | undefined } | null {
  if (!/^postgres(ql)?:\/\//.test(address)) return null;
  try {
    const url = new URL(nameHost(address));
    // What stands after the `?` overrules what stands before it, and the last of a name the others.
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

function isNear(host: string): boolean {
  const isLoopback = host === "::1" || (host.startsWith("127.") && z.ipv4().safeParse(host).success);
  return host.startsWith("/") || host === "localhost" || isLoopback;
}

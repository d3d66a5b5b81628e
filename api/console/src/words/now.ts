/** The service's time. It may run ahead of the wall (the demo does), so it is learnt from what the service says. */
import { useSyncExternalStore } from "react";

let ahead_ms = 0;
let tick = Date.now();
const listeners = new Set<() => void>();

window.setInterval(() => {
  tick = Date.now() + ahead_ms;
  for (const listener of listeners) listener();
}, 1000);

/** An appliance's clock may be off by as much as the service accepts. */
const TOLERANCE_MS = 6 * 60_000;

/** Something happened at `ms` on the service's clock, so it is that late at least. */
export function learnNow(ms: number | null): void {
  const ahead = (ms ?? 0) - Date.now();
  if (ms !== null && ahead > TOLERANCE_MS && ahead > ahead_ms) {
    ahead_ms = ahead;
    tick = ms;
  }
}

/** Milliseconds since 1970, on the service's clock. */
export function now(): number {
  return Date.now() + ahead_ms;
}

/** The service's time, renewed each second. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => tick,
  );
}

/** The service's time. It may run ahead of the wall (the demo does), so it is learnt from what the service says. */
import { useSyncExternalStore } from "react";

let ahead_ms = 0;
let tick = Date.now();
const listeners = new Set<() => void>();

window.setInterval(() => {
  tick = Date.now() + ahead_ms;
  for (const listener of listeners) listener();
}, 1000);

/** The service said that it is `ms` now or later. */
export function learnNow(ms: number): void {
  const ahead = ms - Date.now();
  if (ahead > 60_000 && ahead > ahead_ms) {
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

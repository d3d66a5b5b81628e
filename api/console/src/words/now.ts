/** The service's time. It may run ahead of the wall and faster (the demo does), so it is learnt from what the service says. */
import { useSyncExternalStore } from "react";

/** What the service's clock said, and when that was on the browser's. */
let heard = { service: Date.now(), wall: Date.now() };
let speed = 1;
let times = 0;
let tick = Date.now();
const listeners = new Set<() => void>();

/** Two answers closer than this say nothing about speed; an answer takes some time on its way. */
const APART_MS = 3_000;

setInterval(renew, 1000);

function renew(): void {
  tick = now();
  for (const listener of listeners) listener();
}

/** The service's clock says `ms`; from the second time on, how fast it runs is known as well. */
export function learnNow(ms: number | null): void {
  if (ms === null) return;
  const wall = Date.now();
  const passed = wall - heard.wall;
  if (times > 0 && passed < APART_MS) return;
  const measured = times > 0 ? (ms - heard.service) / passed : 1;
  speed = measured > 1.5 ? measured : 1;
  times += 1;
  heard = { service: ms, wall };
  renew();
}

/** How many times faster than life the service's time runs; 1 in life. */
export function speedOfTime(): number {
  return speed;
}

/** Whole milliseconds since 1970, on the service's clock: what is asked of the API takes no parts of one. */
export function now(): number {
  return Math.round(heard.service + (Date.now() - heard.wall) * speed);
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

/** The stream of changes: what it tells is taken over, and while it is broken the pages say so. */
import { useEffect, useRef, useSyncExternalStore } from "react";

import { learnNow } from "../words/now";
import { renew } from "./cache";
import { hear, TOPICS } from "./news";

export interface Connection {
  isLost: boolean;
  /** When the stream was last known to be there, on the browser's steady clock (performance.now). */
  lastAt: number;
}

/** The stream says the time every two seconds; a line that has died without a word is known by its silence. */
const SILENCE_MS = 4_500;
const LOOK_EVERY_MS = 500;

let connection: Connection = { isLost: false, lastAt: performance.now() };
const listeners = new Set<() => void>();

function tell(isLost: boolean, lastAt: number): void {
  const isNews = isLost !== connection.isLost;
  connection = isNews ? { isLost, lastAt } : Object.assign(connection, { lastAt });
  if (isNews) for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether we hear the service. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection);
}

/** Listen as long as somebody is signed in. The browser reconnects by itself; a silent line is opened anew. */
export function useEvents(since: number | undefined): void {
  const isSignedIn = since !== undefined;
  const begin = useRef(since);
  begin.current ??= since;
  useEffect(() => {
    if (!isSignedIn) return;
    let stream = open(`?since=${begin.current}`);
    let openedAt = performance.now();
    const watch = window.setInterval(() => {
      const silence = performance.now() - Math.max(connection.lastAt, openedAt);
      if (silence < SILENCE_MS) return;
      tell(true, connection.lastAt);
      stream.close();
      stream = open("");
      openedAt = performance.now();
    }, LOOK_EVERY_MS);
    return () => {
      window.clearInterval(watch);
      stream.close();
    };
  }, [isSignedIn]);
}

/** What changed while nobody listened was told to nobody: all is asked for again, unless the stream begins where that was known. */
function open(begin: string): EventSource {
  const stream = new EventSource(`/api/v1/events${begin}`);
  let isComplete = begin !== "";
  stream.onopen = () => {
    if (!isComplete) renew();
    isComplete = false;
    tell(false, performance.now());
  };
  stream.onerror = () => tell(true, connection.lastAt);
  stream.addEventListener("clock", (event: MessageEvent<string>) => {
    tell(false, performance.now());
    learnNow((JSON.parse(event.data) as { now: number }).now);
  });
  // What came between is not known any more: everything on the page may be old.
  stream.addEventListener("reset", () => {
    tell(false, performance.now());
    renew();
  });
  for (const topic of TOPICS) {
    stream.addEventListener(topic, (event: MessageEvent<string>) => {
      tell(false, performance.now());
      hear(topic, event.data);
    });
  }
  return stream;
}

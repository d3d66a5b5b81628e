/** The stream of changes: what it names is fetched anew, and while it is broken the pages say so. */
import { useEffect, useSyncExternalStore } from "react";

import { renew } from "./cache";

export interface Connection {
  isLost: boolean;
  /** When the stream was last known to be there, on the browser's steady clock (performance.now). */
  lastAt: number;
}

const QUIET_MS = 700;
const TOPICS: Record<string, string[]> = {
  ticket: ["tickets", "ticket", "appliances", "appliance"],
  alert: ["appliances", "appliance"],
  session: ["session", "ticket"],
};

let connection: Connection = { isLost: false, lastAt: performance.now() };
const listeners = new Set<() => void>();

function tell(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether we hear the service. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection);
}

/** Listen as long as somebody is signed in. The browser reconnects and resumes by Last-Event-ID on its own. */
export function useEvents(isSignedIn: boolean): void {
  useEffect(() => {
    if (!isSignedIn) return;
    const due = new Set<string>();
    let timer: number | undefined;
    const flush = () => {
      timer = undefined;
      for (const key of due) renew([key]);
      due.clear();
    };
    const stream = new EventSource("/api/v1/events");
    stream.onopen = () => {
      tell({ isLost: false, lastAt: performance.now() });
      // What changed between the first answers and this moment was told to nobody.
      renew();
    };
    stream.onerror = () => {
      if (!connection.isLost) tell({ isLost: true, lastAt: performance.now() });
    };
    for (const [topic, keys] of Object.entries(TOPICS)) {
      stream.addEventListener(topic, () => {
        for (const key of keys) due.add(key);
        timer ??= window.setTimeout(flush, QUIET_MS);
      });
    }
    return () => {
      stream.close();
      window.clearTimeout(timer);
    };
  }, [isSignedIn]);
}

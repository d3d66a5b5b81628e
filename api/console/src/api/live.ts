/** Samples of one appliance as they are admitted, over one WebSocket; a broken one is opened again, later and later. */
import { useEffect, useState } from "react";

import { learnNow } from "../words/now";

export interface LiveReading {
  ts: number;
  value: number;
}

const SHOW_EVERY_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** The newest readings by metric since the page was opened; empty until the first sample comes. */
export function useLive(appliance_id: string): Record<string, LiveReading> {
  const [readings, setReadings] = useState<Record<string, LiveReading>>({});
  useEffect(() => {
    let socket: WebSocket | undefined;
    let pause_ms = 1000;
    let again: number | undefined;
    let fresh: Record<string, LiveReading> = {};
    const show = window.setInterval(() => {
      if (Object.keys(fresh).length === 0) return;
      const batch = fresh;
      fresh = {};
      setReadings((before) => ({ ...before, ...batch }));
    }, SHOW_EVERY_MS);
    const open = () => {
      const scheme = window.location.protocol === "https:" ? "wss" : "ws";
      socket = new WebSocket(
        `${scheme}://${window.location.host}/api/v1/live?appliance_id=${encodeURIComponent(appliance_id)}`,
      );
      socket.onopen = () => {
        pause_ms = 1000;
      };
      socket.onmessage = (event: MessageEvent<string>) => {
        const sample = JSON.parse(event.data) as { ts: number; metrics: Record<string, number | boolean | null> };
        learnNow(sample.ts);
        for (const [name, value] of Object.entries(sample.metrics))
          if (value !== null) fresh[name] = { ts: sample.ts, value: Number(value) };
      };
      socket.onclose = () => {
        again = window.setTimeout(open, pause_ms);
        pause_ms = Math.min(pause_ms * 2, LONGEST_PAUSE_MS);
      };
    };
    open();
    return () => {
      window.clearInterval(show);
      window.clearTimeout(again);
      if (socket) {
        socket.onclose = null;
        socket.close();
      }
    };
  }, [appliance_id]);
  return readings;
}

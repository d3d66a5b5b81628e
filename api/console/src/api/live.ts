/** Samples of one appliance as they are admitted, over one WebSocket; a broken one is opened again, later and later. */
import { useEffect, useEffectEvent, useState } from "react";

import { learnNow } from "../words/now";

export interface LiveReading {
  ts: number;
  value: number;
}

export interface LiveRow {
  ts: number;
  metrics: Record<string, number | boolean | null>;
}

const SHOW_EVERY_MS = 500;
const SHOW_ROWS_EVERY_MS = 100;
const LONGEST_PAUSE_MS = 15_000;
/** So many rows are kept beside what was read; more would have been read again long ago. */
const ROWS_KEPT = 3000;

/** Whether the row with this number follows the one before it on its connection. */
export function isNext(seq: number, before: number): boolean {
  return seq === before + 1;
}

/** Hears every sample; `missed` where one was lost: a number was left out, or the line was broken. Returns the end. */
function follow(appliance_id: string, heard: (row: LiveRow) => void, missed: () => void): () => void {
  let socket: WebSocket | undefined;
  let pause_ms = 1000;
  let again: number | undefined;
  let isFirst = true;
  const open = () => {
    let seq = -1;
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(
      `${scheme}://${window.location.host}/api/v1/live?appliance_id=${encodeURIComponent(appliance_id)}`,
    );
    socket.onopen = () => {
      pause_ms = 1000;
      if (!isFirst) missed();
      isFirst = false;
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      const sample = JSON.parse(event.data) as LiveRow & { seq: number };
      if (!isNext(sample.seq, seq)) missed();
      seq = sample.seq;
      learnNow(sample.ts);
      heard(sample);
    };
    socket.onclose = () => {
      again = window.setTimeout(open, pause_ms);
      pause_ms = Math.min(pause_ms * 2, LONGEST_PAUSE_MS);
    };
  };
  open();
  return () => {
    window.clearTimeout(again);
    if (socket) {
      socket.onclose = null;
      socket.close();
    }
  };
}

/** The newest readings by metric since the page was opened; empty until the first sample comes. */
export function useLive(appliance_id: string): Record<string, LiveReading> {
  const [readings, setReadings] = useState<Record<string, LiveReading>>({});
  useEffect(() => {
    let fresh: Record<string, LiveReading> = {};
    const show = window.setInterval(() => {
      if (Object.keys(fresh).length === 0) return;
      const batch = fresh;
      fresh = {};
      setReadings((before) => ({ ...before, ...batch }));
    }, SHOW_EVERY_MS);
    const leave = follow(
      appliance_id,
      (row) => {
        for (const [name, value] of Object.entries(row.metrics))
          if (value !== null) fresh[name] = { ts: row.ts, value: Number(value) };
      },
      () => undefined,
    );
    return () => {
      window.clearInterval(show);
      leave();
    };
  }, [appliance_id]);
  return readings;
}

/** Every sample since the page was opened, while `isOn`; `missed` is called where some were lost and must be read. */
export function useLiveRows(appliance_id: string, isOn: boolean, missed: () => void): LiveRow[] {
  const [rows, setRows] = useState<LiveRow[]>([]);
  const tell = useEffectEvent(missed);
  useEffect(() => {
    if (!isOn) return;
    let fresh: LiveRow[] = [];
    const show = window.setInterval(() => {
      if (fresh.length === 0) return;
      const batch = fresh;
      fresh = [];
      setRows((before) => [...before, ...batch].slice(-ROWS_KEPT));
    }, SHOW_ROWS_EVERY_MS);
    const leave = follow(
      appliance_id,
      (row) => fresh.push(row),
      () => tell(),
    );
    return () => {
      window.clearInterval(show);
      leave();
    };
  }, [appliance_id, isOn]);
  return rows;
}

/** What was read and what came live, as one column over time; a moment that both tell counts once. */
export function merged(
  ts: number[],
  values: (number | null)[],
  rows: LiveRow[],
  metric: string,
): { ts: number[]; values: (number | null)[] } {
  const known = new Map<number, number | null>(ts.map((at, place) => [at, values[place] ?? null]));
  for (const row of rows) {
    const value = row.metrics[metric];
    if (value !== undefined && value !== null) known.set(row.ts, Number(value));
  }
  const times = [...known.keys()].sort((a, b) => a - b);
  return { ts: times, values: times.map((at) => known.get(at) ?? null) };
}

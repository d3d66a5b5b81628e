/** One metric over time against its expected band. Gaps stay gaps, buckets are a span from lowest to highest; the range is the page's. */
import uPlot from "uplot";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useWords } from "../i18n";
import { formatNumber, formatQuantity } from "../words/format";
import type { Column } from "./column";
import { byKey, gesturePlugin, type OnRange, type Range } from "./gestures";
import { type Band, bandPlugin, type ChartMark, type ChartSpan, markPlugin } from "./layers";

interface LineChartProps {
  name: string;
  unit: string;
  column: Column;
  range: Range;
  /** What is called when a part is chosen, the range is moved, or the whole is wished for. */
  onRange?: OnRange;
  band?: Band | null;
  marks?: ChartMark[];
  spans?: ChartSpan[];
  height: number;
  /** Charts of one key share their cursor. */
  syncKey?: string;
  isSparse?: boolean;
}

export function LineChart(props: LineChartProps) {
  const { name, unit, column, range, band, marks, spans, height, syncKey, isSparse = false } = props;
  const { t, language } = useWords();
  const scheme = useComputedColorScheme("light");
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const isSpan = column.high !== undefined;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colour = (variable: string) => getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
    const axis: uPlot.Axis = {
      stroke: colour("--mantine-color-dimmed"),
      grid: { stroke: colour("--grid"), width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    const line: uPlot.Series = {
      stroke: colour("--trace"),
      width: isSpan ? 0.8 : isSparse ? 1.2 : 1.4,
      spanGaps: false,
      points: {
        size: isSparse ? 7 : 4,
        fill: colour("--trace"),
        show: !isSpan,
        ...(isSparse ? {} : { filter: lonelyPoints }),
      },
    };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height,
        padding: [14, 8, 0, 0],
        legend: { show: false },
        cursor: {
          points: { size: 7 },
          drag: { x: true, y: false, setScale: false },
          ...(syncKey ? { sync: { key: syncKey } } : {}),
        },
        scales: {
          x: { time: true, range: () => [latest.current.range.start / 1000, latest.current.range.end / 1000] },
          y: { range: (_, min, max) => padded(min, max, latest.current.band ?? null) },
        },
        axes: [
          { ...axis, space: 70, size: 26, values: timeLabels(language) },
          { ...axis, size: 52, values: (_, splits) => splits.map((value) => formatNumber(value, language)) },
        ],
        series: isSpan ? [{}, line, line] : [{}, line],
        ...(isSpan ? { bands: [{ series: [2, 1] as [number, number], fill: colour("--span") }] } : {}),
        plugins: [
          bandPlugin(() => latest.current, {
            band: colour("--band"),
            edge: colour("--accent"),
            span: colour("--warn-soft"),
            name: colour("--warn"),
          }),
          markPlugin(() => latest.current.marks ?? [], { accent: colour("--accent"), bad: colour("--bad") }),
          gesturePlugin(
            () => latest.current.range,
            () => latest.current.onRange,
          ),
          readoutPlugin(language, unit),
        ],
      },
      isSpan ? [[], [], []] : [[], []],
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [scheme, language, unit, height, syncKey, isSparse, isSpan]);

  useEffect(() => {
    const seconds = column.ts.map((ms) => ms / 1000);
    plot.current?.setData(column.high ? [seconds, column.values, column.high] : [seconds, column.values]);
  }, [column, band, marks, spans, range.start, range.end, scheme, language, unit, height, syncKey, isSparse, isSpan]);

  const press = (event: React.KeyboardEvent) => {
    const next = byKey(event.key, latest.current.range);
    if (next === undefined || !latest.current.onRange) return;
    event.preventDefault();
    latest.current.onRange(next);
  };
  return (
    <div
      ref={box}
      className="plot"
      style={{ height }}
      role="application"
      aria-label={t("chart.keys", { metric: name })}
      tabIndex={props.onRange ? 0 : -1}
      onKeyDown={press}
    />
  );
}

function padded(min: number | null, max: number | null, band: Band | null): [number, number] {
  const values = [min, max, band?.low, band?.high].filter((value): value is number => typeof value === "number");
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}

/** Readings with silence on both sides would be invisible as a line; they get a dot. */
function lonelyPoints(chart: uPlot, series: number): number[] {
  const values = chart.data[series] ?? [];
  const lonely: number[] = [];
  const isThere = (at: number) => values[at] !== null && values[at] !== undefined;
  for (let at = 0; at < values.length; at++) if (isThere(at) && !isThere(at - 1) && !isThere(at + 1)) lonely.push(at);
  return lonely;
}

function timeLabels(language: string) {
  const dated = language === "en" ? "en-GB" : language;
  const day = new Intl.DateTimeFormat(dated, { day: "numeric", month: "short" });
  const minute = new Intl.DateTimeFormat(dated, { hour: "2-digit", minute: "2-digit" });
  return (_: uPlot, splits: number[], __: number, ___: number, step: number) =>
    splits.map((at) => {
      const moment = new Date(at * 1000);
      const isMidnight = moment.getHours() === 0 && moment.getMinutes() === 0;
      return step >= 86_400 || isMidnight ? day.format(moment) : minute.format(moment);
    });
}

/** The reading under the cursor with its unit, its time and the zone of that time. */
function readoutPlugin(language: string, unit: string): uPlot.Plugin {
  const moment = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });
  let label: HTMLElement | null = null;
  return {
    hooks: {
      init: (chart) => {
        label = document.createElement("span");
        label.className = "readout";
        chart.over.append(label);
      },
      setCursor: (chart) => {
        const at = chart.cursor.idx;
        const read = (series: number) => (at === null || at === undefined ? null : chart.data[series]?.[at]);
        const [time, value, high] = [read(0), read(1), read(2)];
        if (!label) return;
        if (typeof value !== "number" || typeof time !== "number") {
          label.textContent = "";
          return;
        }
        const text =
          typeof high === "number" && high !== value
            ? `${formatNumber(value, language)}–${formatQuantity(high, unit, language)}`
            : formatQuantity(value, unit, language);
        label.textContent = `${moment.format(time * 1000)}  ${text}`;
      },
    },
  };
}

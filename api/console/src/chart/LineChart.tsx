/** One metric over time against its expected band. Gaps stay gaps; onset and alarm are marked; a drag zooms. */
import uPlot from "uplot";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";

import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { type Band, bandPlugin, type ChartMark, type ChartSpan, markPlugin } from "./layers";

interface LineChartProps {
  ts: number[];
  values: (number | null)[];
  range: { start: number; end: number };
  band?: Band | null;
  marks?: ChartMark[];
  spans?: ChartSpan[];
  height: number;
  /** Charts of one key share their cursor. */
  syncKey?: string;
  isSparse?: boolean;
}

export function LineChart({
  ts,
  values,
  range,
  band,
  marks,
  spans,
  height,
  syncKey,
  isSparse = false,
}: LineChartProps) {
  const { language } = useWords();
  const scheme = useComputedColorScheme("light");
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const extras = useRef({ band, marks, spans, range });
  extras.current = { band, marks, spans, range };

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: colour("--mantine-color-dimmed"),
      grid: { stroke: colour("--grid"), width: 1 },
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height,
        padding: [14, 8, 0, 0],
        legend: { show: false },
        cursor: { points: { size: 7 }, drag: { x: true, y: false }, ...(syncKey ? { sync: { key: syncKey } } : {}) },
        scales: {
          x: { time: true, range: (_, min, max) => (plot.current && isZoomed(plot.current) ? [min, max] : whole()) },
          y: { range: (_, min, max) => padded(min, max, extras.current.band ?? null) },
        },
        axes: [
          { ...axis, space: 70, size: 26, values: timeLabels(language) },
          { ...axis, size: 48, values: (_, splits) => splits.map((value) => formatNumber(value, language)) },
        ],
        series: [
          {},
          {
            stroke: colour("--trace"),
            width: isSparse ? 1.2 : 1.4,
            spanGaps: false,
            points: {
              size: isSparse ? 7 : 4,
              fill: colour("--trace"),
              show: true,
              ...(isSparse ? {} : { filter: lonelyPoints }),
            },
          },
        ],
        plugins: [
          bandPlugin(() => extras.current, {
            band: colour("--band"),
            edge: colour("--accent"),
            span: colour("--warn-soft"),
            name: colour("--warn"),
          }),
          markPlugin(() => extras.current.marks ?? [], { accent: colour("--accent"), bad: colour("--bad") }),
          readoutPlugin(language),
        ],
      },
      [[], []],
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
    function whole(): [number, number] {
      return [extras.current.range.start / 1000, extras.current.range.end / 1000];
    }
  }, [scheme, language, height, syncKey, isSparse]);

  useEffect(() => {
    const chart = plot.current;
    if (!chart) return;
    const keep = isZoomed(chart);
    chart.setData([ts.map((ms) => ms / 1000), values], !keep);
    if (keep) chart.redraw();
  }, [ts, values, band, marks, spans, range.start, range.end, scheme, language, height, syncKey, isSparse]);

  return <div ref={box} className="plot" style={{ height }} aria-hidden />;
}

/** Whether the reader has dragged a part of the range; new data must not move it. */
function isZoomed(chart: uPlot): boolean {
  return chart.root.dataset.zoomed === "yes";
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
  const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { day: "numeric", month: "short" });
  const minute = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    hour: "2-digit",
    minute: "2-digit",
  });
  return (_: uPlot, splits: number[], __: number, ___: number, step: number) =>
    splits.map((at) => {
      const moment = new Date(at * 1000);
      const isMidnight = moment.getHours() === 0 && moment.getMinutes() === 0;
      return step >= 86_400 || isMidnight ? day.format(moment) : minute.format(moment);
    });
}

/** The reading under the cursor, and the double click that shows the whole range again. */
function readoutPlugin(language: string): uPlot.Plugin {
  const moment = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  let label: HTMLElement | null = null;
  return {
    hooks: {
      init: (chart) => {
        label = document.createElement("span");
        label.className = "readout";
        chart.over.append(label);
        chart.over.addEventListener("dblclick", () => {
          chart.root.dataset.zoomed = "no";
          chart.setData(chart.data, true);
        });
      },
      setSelect: (chart) => {
        if (chart.select.width > 0) chart.root.dataset.zoomed = "yes";
      },
      setCursor: (chart) => {
        const at = chart.cursor.idx;
        const value = at === null || at === undefined ? null : chart.data[1]?.[at];
        const time = at === null || at === undefined ? undefined : chart.data[0][at];
        if (label)
          label.textContent =
            typeof value === "number" && time !== undefined
              ? `${moment.format(time * 1000)}  ${formatNumber(value, language)}`
              : "";
      },
    },
  };
}

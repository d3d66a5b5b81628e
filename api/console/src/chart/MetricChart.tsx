/** A chart with everything that belongs to it: its name, a sentence for those who can't see it, and the same as a table. */
import { Skeleton, UnstyledButton } from "@mantine/core";
import { IconArrowBackUp, IconChartLine, IconTable } from "@tabler/icons-react";
import { useMemo, useState } from "react";

import { useWords } from "../i18n";
import { formatMoment, formatQuantity, formatShare, formatUtc } from "../words/format";
import { bandText } from "../words/names";
import type { Column } from "./column";
import type { OnRange, Range } from "./gestures";
import type { Band, ChartMark, ChartSpan } from "./layers";
import { LineChart } from "./LineChart";

const TABLE_ROWS = 200;
const NONE: number[] = [];

interface MetricChartProps {
  name: string;
  unit: string;
  /** What one value stands for. */
  note?: string;
  trace: Column | undefined;
  range: Range;
  /** Changes the range; null shows the whole again. */
  onRange?: OnRange;
  /** Whether the range is a part that the reader has chosen. */
  isPart?: boolean;
  band?: Band | null;
  marks?: ChartMark[];
  spans?: ChartSpan[];
  height?: number;
  syncKey?: string;
  /** Few values, each of them a mark. */
  isSparse?: boolean;
  /** What the band is, where it is not what was expected. */
  bandName?: string;
  /** The band is of some readings, or of their mean: none is said to lie outside. */
  isBandApart?: boolean;
}

export function MetricChart({
  name,
  unit,
  note,
  trace,
  range,
  onRange,
  isPart = false,
  band,
  marks,
  spans,
  height = 190,
  syncKey,
  isSparse,
  bandName,
  isBandApart = false,
}: MetricChartProps) {
  const { t } = useWords();
  const [isTable, setTable] = useState(false);
  const values = trace?.values;
  const summary = useSummary(name, unit, trace?.ts ?? NONE, values ?? NONE, trace?.high, band ?? null, isBandApart);
  const hasReadings = values?.some((value) => value !== null) ?? false;
  return (
    <figure className="chart" aria-label={name}>
      <figcaption>
        <span>
          <b>{name}</b> <span className="dim">{[unit, note].filter(Boolean).join(", ")}</span>
        </span>
        {band && (
          <span className="key">
            <i aria-hidden /> {bandName ?? t("chart.band")}
          </span>
        )}
        {isPart && onRange && (
          <UnstyledButton className="quiet" onClick={() => onRange(null)}>
            <IconArrowBackUp size={14} aria-hidden /> {t("chart.reset")}
          </UnstyledButton>
        )}
        {hasReadings && (
          <UnstyledButton className="quiet" onClick={() => setTable(!isTable)} aria-pressed={isTable}>
            {isTable ? <IconChartLine size={14} aria-hidden /> : <IconTable size={14} aria-hidden />}{" "}
            {t(isTable ? "chart.picture" : "chart.table")}
          </UnstyledButton>
        )}
      </figcaption>
      <p className="sr">{hasReadings ? summary : ""}</p>
      {trace === undefined && <Skeleton height={height} />}
      {trace && !hasReadings && (
        <p className="chart-none" style={{ height }}>
          {t("chart.none")}
        </p>
      )}
      {trace && values && hasReadings && !isTable && (
        <LineChart
          name={name}
          unit={unit}
          column={trace}
          range={range}
          onRange={onRange}
          band={band}
          marks={marks}
          spans={spans}
          height={height}
          syncKey={syncKey}
          isSparse={isSparse}
        />
      )}
      {trace && values && hasReadings && isTable && (
        <Rows ts={trace.ts} values={values} name={name} unit={unit} height={height} />
      )}
    </figure>
  );
}

function Rows({
  ts,
  values,
  name,
  unit,
  height,
}: {
  ts: number[];
  values: (number | null)[];
  name: string;
  unit: string;
  height: number;
}) {
  const { t, language } = useWords();
  const there = ts.map((ms, at) => [ms, values[at] ?? null] as const).filter(([, value]) => value !== null);
  const every = Math.ceil(there.length / TABLE_ROWS);
  const shown = there.filter((_, at) => (there.length - 1 - at) % every === 0).reverse();
  return (
    <div
      className="chart-table"
      style={{ maxHeight: height + 40 }}
      tabIndex={0}
      role="region"
      aria-label={`${name}: ${t("chart.table")}`}
    >
      {every > 1 && <p className="dim">{t("chart.rows", { every, count: there.length })}</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">{t("chart.time")}</th>
            <th scope="col">
              {name} {unit && `(${unit})`}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(([ms, value]) => (
            <tr key={ms}>
              <td title={formatUtc(ms)}>{formatMoment(ms, language)}</td>
              <td>{formatQuantity(value ?? 0, "", language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The chart in sentences. */
function useSummary(
  name: string,
  unit: string,
  ts: number[],
  values: (number | null)[],
  high: (number | null)[] | undefined,
  band: Band | null,
  isBandApart: boolean,
): string {
  const { t, language } = useWords();
  return useMemo(() => {
    let [min, max, last, count, outside, gaps] = [Infinity, -Infinity, NaN, 0, 0, 0];
    let wasGap = true;
    for (const [at, value] of values.entries()) {
      if (value === null) {
        if (!wasGap) gaps += 1;
        wasGap = true;
        continue;
      }
      wasGap = false;
      count += 1;
      min = Math.min(min, value);
      max = Math.max(max, high?.[at] ?? value);
      last = value;
      if (band && ((band.low !== null && value < band.low) || (band.high !== null && value > band.high))) outside += 1;
    }
    const [from, to] = [ts[0], ts.at(-1)];
    if (count === 0 || from === undefined || to === undefined) return "";
    const quantity = (value: number) => formatQuantity(value, unit, language);
    const sentences = [
      t("chart.summary", {
        metric: name,
        from: formatMoment(from, language),
        to: formatMoment(to, language),
        count,
        min: quantity(min),
        max: quantity(max),
        last: quantity(last),
      }),
    ];
    const expected = band && bandText(band.low, band.high, unit, language);
    if (expected && isBandApart) sentences.push(t("chart.summaryApart", { band: expected }));
    else if (expected)
      sentences.push(t("chart.summaryBand", { band: expected, share: formatShare(outside / count, language) }));
    if (gaps > 0) sentences.push(t("chart.gaps", { count: gaps }));
    return sentences.join(" ");
  }, [name, unit, ts, values, high, band, isBandApart, t, language]);
}

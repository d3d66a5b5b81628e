/** How is this one, and since when: condition with its reason, health, newest values, every metric over time, its tickets. */
import { Button, SegmentedControl, Skeleton, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useMemo, useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";

import { useAppliance, useApplianceEvents, useTelemetry, useUsual } from "../api/appliances";
import { OPEN_STATUSES, OVER_STATUSES, useAlerts, useTickets } from "../api/tickets";
import type { ApplianceDetail, Metric, Telemetry, Usual } from "../api/types";
import { type LiveReading, useLive } from "../api/live";
import { CareCard } from "../appliance/Care";
import { HealthBar } from "../appliance/HealthBar";
import { Reason } from "../appliance/Reason";
import { bandOf, type Expected, gainOf } from "../appliance/bands";
import { UsualCard } from "../appliance/Usual";
import { columnOf } from "../chart/column";
import type { OnRange, Range } from "../chart/gestures";
import type { ChartMark } from "../chart/layers";
import { MetricChart } from "../chart/MetricChart";
import { Failed } from "../app/Notice";
import { useChange } from "../app/address";
import { useTitle } from "../app/title";
import { useWords } from "../i18n";
import { plainName, toMs, zoneName } from "../words/format";
import { AvailabilityMark, ConditionMark, StatusMark } from "../words/Marks";
import { Moment } from "../words/Moment";
import { alertTitle, bandText, ticketTitle, useNames } from "../words/names";
import { now } from "../words/now";
import { Values } from "../words/Values";

const ALL = [...OPEN_STATUSES, ...OVER_STATUSES];
const HOUR = 3_600_000;
const RANGES: Record<string, number> = {
  h6: 6 * HOUR,
  d1: 24 * HOUR,
  d7: 168 * HOUR,
  d30: 720 * HOUR,
  d90: 2160 * HOUR,
};
const POINTS = 800;
/** From this health index on a component is as new to whoever looks. */
const SOUND = 0.95;
const MOST = 6;

export function AppliancePage() {
  const { t } = useWords();
  const { id = "" } = useParams();
  const found = useAppliance(id);
  useTitle(id);
  if (found.isError && !found.data) {
    return <Failed error={found.error} again={() => void found.refetch()} missing={t("appliance.missing", { id })} />;
  }
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{id}</h1>
        {found.data && <Facts appliance={found.data} />}
      </div>
      {found.data ? (
        <>
          <div className="appliance-top">
            <State appliance={found.data} />
            <Latest appliance={found.data} />
            <Tickets id={id} />
          </div>
          <Learned appliance={found.data} />
        </>
      ) : (
        <Skeleton height={500} />
      )}
    </div>
  );
}

function Facts({ appliance }: { appliance: ApplianceDetail }) {
  const { t } = useWords();
  const names = useNames();
  return (
    <span className="facts">
      <span>{names.kind(appliance.kind)}</span>
      {appliance.model && <span>{appliance.model}</span>}
      {appliance.serial && <span>{appliance.serial}</span>}
      {appliance.firmware && <span>{t("appliance.firmware", { firmware: appliance.firmware })}</span>}
      {appliance.region && <span>{names.region(appliance.region)}</span>}
      <AvailabilityMark availability={appliance.availability} />
      <span>
        {appliance.last_seen ? t("appliance.seen") : t("appliance.never")}{" "}
        {appliance.last_seen && <Moment at={appliance.last_seen} as="ago" />}
      </span>
    </span>
  );
}

/** What is wrong stands in sight and in colour; what is as new waits behind a word. */
function State({ appliance }: { appliance: ApplianceDetail }) {
  const { t, language } = useWords();
  const names = useNames();
  const health = Object.entries(appliance.health).sort(([, one], [, other]) => one - other);
  const worn = health.filter(([, index]) => index < SOUND);
  const sound = health.filter(([, index]) => index >= SOUND);
  return (
    <section className="card" aria-labelledby="state-title">
      <Title order={2} size="h5" id="state-title" className="card-title">
        {t("appliances.condition")}
      </Title>
      <p className="state">
        <ConditionMark condition={appliance.condition} /> <Reason appliance={appliance} />
      </p>
      <Title order={3} size="h6" mt="md" mb={4} title={t("appliance.healthHint")}>
        {t("appliance.health")} <span className="dim">{t("appliance.healthHint")}</span>
      </Title>
      {health.length === 0 && <p className="dim">{t("appliance.noHealth")}</p>}
      {worn.map(([component, index]) => (
        <HealthBar key={component} component={component} health={index} names={names} language={language} />
      ))}
      {sound.length > 0 && (
        <details className="sound">
          <summary>
            {t(worn.length > 0 ? "appliance.othersSound" : "appliance.allSound", { count: sound.length })}
          </summary>
          {sound.map(([component, index]) => (
            <HealthBar key={component} component={component} health={index} names={names} language={language} />
          ))}
        </details>
      )}
    </section>
  );
}

function Latest({ appliance }: { appliance: ApplianceDetail }) {
  const { t } = useWords();
  const live = useLive(appliance.id);
  const latest = newer(appliance.latest, live);
  const newest = Math.max(...Object.values(latest).map((reading) => reading.ts));
  return (
    <section className="card" aria-labelledby="latest-title">
      <Title order={2} size="h5" id="latest-title" className="card-title">
        {t("appliance.latest")}{" "}
        {Number.isFinite(newest) && (
          <span className="dim">
            <Moment at={newest} />
          </span>
        )}
        {Object.keys(live).length > 0 && <span className="mark good live">{t("appliance.live")}</span>}
      </Title>
      {Object.keys(latest).length === 0 && <p className="dim">{t("chart.none")}</p>}
      <Values kind={appliance.kind} readings={latest} />
    </section>
  );
}

/** Of each metric the newer reading. */
function newer(stored: Record<string, LiveReading>, live: Record<string, LiveReading>): Record<string, LiveReading> {
  const merged = { ...stored };
  for (const [name, reading] of Object.entries(live)) if (reading.ts >= (merged[name]?.ts ?? 0)) merged[name] = reading;
  return merged;
}

/** Its tickets, the alerts that opened none, and what happened to it. */
function Tickets({ id }: { id: string }) {
  const { t } = useWords();
  const names = useNames();
  const tickets = useTickets(ALL, { appliance_id: id, limit: 50 });
  const alerts = useAlerts(id).data?.items.filter((one) => one.ticket_id === null) ?? [];
  const events = useApplianceEvents(id).data?.items ?? [];
  return (
    <section className="card" aria-labelledby="tickets-title">
      <Title order={2} size="h5" id="tickets-title" className="card-title">
        {t("appliance.tickets")}
      </Title>
      {tickets.data?.items.length === 0 && <p className="dim">{t("appliance.noTickets")}</p>}
      <ul className="ticket-lines">
        {tickets.data?.items.map((ticket) => (
          <li key={ticket.id}>
            <Link to={`/tickets/${ticket.number}`}>
              #{ticket.number} {ticketTitle(ticket, names)}
            </Link>
            <StatusMark status={ticket.status} />
          </li>
        ))}
        {alerts.slice(0, MOST).map((one) => (
          <li key={one.id}>
            <span>
              {t("ticket.alertOf", { fault: alertTitle(one, names, t) })}{" "}
              <span className="dim">
                <Moment at={one.raised_at} as="ago" />
              </span>
            </span>
            <span className="mark calm">{t(`alertState.${one.state}`)}</span>
          </li>
        ))}
      </ul>
      {events.length > 0 && (
        <>
          <Title order={3} size="h6" mt="md" mb={4}>
            {t("appliance.history")}
          </Title>
          <ul className="ticket-lines">
            {events.slice(0, MOST).map((one, index) => (
              <li key={index}>
                <span>
                  {t(`events.${one.type}`, { defaultValue: plainName(one.type) })} {one.code}
                </span>
                <span className="dim">
                  <Moment at={one.at} as="ago" />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** The end of what is drawn moves on every two minutes, however fast the service's clock runs. */
function useEndOfRange(): number {
  const [end, setEnd] = useState(() => Math.ceil(now() / 60_000) * 60_000);
  useEffect(() => {
    const timer = window.setInterval(() => setEnd(Math.ceil(now() / 60_000) * 60_000), 120_000);
    return () => window.clearInterval(timer);
  }, []);
  return end;
}

/** The range of the address: a part that was chosen, or a span that ends now. */
function useRange() {
  const [search] = useSearchParams();
  const change = useChange();
  const end = useEndOfRange();
  const chosen = search.get("range") ?? "";
  const name = chosen in RANGES ? chosen : "d7";
  const [from, to] = [toMs(Number(search.get("from"))), toMs(Number(search.get("to")))];
  const isPart = Boolean(from && to && from < to);
  const range = useMemo(
    () => (isPart ? { start: from ?? 0, end: to ?? 0 } : { start: end - (RANGES[name] ?? 0), end }),
    [end, name, isPart, from, to],
  );
  const onRange: OnRange = (next) =>
    change({ from: next && String(Math.round(next.start)), to: next && String(Math.round(next.end)) });
  const choose = (value: string) => change({ range: value, from: null, to: null });
  return { name: isPart ? "" : name, range, isPart, onRange, choose };
}

/** What the detectors have learned of it, and its metrics with what of that can be drawn there. */
function Learned({ appliance }: { appliance: ApplianceDetail }) {
  const usual = useUsual(appliance.id);
  return (
    <>
      <CareCard id={appliance.id} />
      <UsualCard appliance={appliance} usual={usual} />
      <Charts appliance={appliance} usual={usual} />
    </>
  );
}

function Charts({ appliance, usual }: { appliance: ApplianceDetail; usual: Usual[] }) {
  const { t } = useWords();
  const called = useNames();
  const { name, range, isPart, onRange, choose } = useRange();
  const settled = useDebouncedValue(range, 250)[0];
  const metrics = useMemo(() => shown(appliance), [appliance]);
  const names = useMemo(() => metrics.map((metric) => metric.name), [metrics]);
  const telemetry = useTelemetry(appliance.id, names, settled, POINTS).data;
  const marks = useMarks(appliance.id);
  return (
    <section aria-labelledby="metrics-title">
      <div className="sheet-head">
        <Title order={2} size="h4" id="metrics-title">
          {t("appliance.metrics")}
        </Title>
        <SegmentedControl
          size="xs"
          aria-label={t("chart.range")}
          value={name}
          onChange={choose}
          data={Object.keys(RANGES).map((value) => ({ value, label: t(`chart.ranges.${value}`) }))}
        />
        {isPart && (
          <Button size="compact-sm" variant="light" onClick={() => onRange(null)}>
            {t("chart.backToLive")}
          </Button>
        )}
        <span className="dim">{t("chart.zone", { zone: zoneName() })}</span>
      </div>
      <div className="charts">
        {metrics.map((metric) => (
          <OneChart
            key={metric.name}
            metric={metric}
            expected={bandOf(metric, usual, (one) => called.feature(appliance.kind, one), appliance.latest)}
            gain={gainOf(metric, usual, (one) => called.feature(appliance.kind, one))}
            kind={appliance.kind}
            telemetry={telemetry}
            interval={appliance.interval_s}
            range={range}
            onRange={onRange}
            marks={marks}
          />
        ))}
      </div>
    </section>
  );
}

/** What happened, as lines in every chart: tickets, and what people or firmware changed. */
function useMarks(id: string): ChartMark[] {
  const { t } = useWords();
  const tickets = useTickets(ALL, { appliance_id: id, limit: 50 }).data?.items;
  const events = useApplianceEvents(id).data?.items;
  return useMemo(() => {
    const opened = (tickets ?? []).map((one) => ({
      at: toMs(one.opened_at) ?? 0,
      label: `#${one.number}`,
      tone: "bad" as const,
    }));
    const happened = (events ?? []).map((one) => ({
      at: toMs(one.at) ?? 0,
      label: [t(`events.${one.type}`, { defaultValue: plainName(one.type) }), one.code].filter(Boolean).join(" "),
      tone: "accent" as const,
    }));
    return [...opened, ...happened];
  }, [tickets, events, t]);
}

interface OneChartProps {
  metric: Metric;
  expected: Expected | null;
  /** What a counter gains. */
  gain: Usual | null;
  kind: string;
  telemetry: Telemetry | undefined;
  interval: number | null;
  range: Range;
  onRange: OnRange;
  marks: ChartMark[];
}

function OneChart({ metric, expected, gain, kind, telemetry, interval, range, onRange, marks }: OneChartProps) {
  const { t, language } = useWords();
  const names = useNames();
  const [low, high] = [expected?.band.low ?? null, expected?.band.high ?? null];
  const band = useMemo(() => (low === null && high === null ? null : { low, high }), [low, high]);
  const trace = useMemo(
    () => telemetry && columnOf(telemetry, metric.name, interval),
    [telemetry, metric.name, interval],
  );
  return (
    <div className="card">
      <MetricChart
        name={metric.label}
        unit={metric.unit}
        trace={trace}
        range={range}
        onRange={onRange}
        marks={marks}
        band={band}
        note={
          gain
            ? t("chart.gain", {
                feature: names.metric(kind, gain.feature),
                band: bandText(gain.low, gain.high, gain.unit, language),
              })
            : undefined
        }
        bandName={
          expected
            ? t(expected.beside ? "chart.bandBeside" : "chart.bandOf", {
                feature: names.metric(kind, expected.feature),
                other: expected.beside && names.metric(kind, expected.beside),
              })
            : undefined
        }
        isBandApart
        height={150}
        syncKey="appliance"
      />
    </div>
  );
}

/** The profile's metrics that were ever reported, then those that only the appliance knows. */
function shown(appliance: ApplianceDetail): Metric[] {
  const known = appliance.metrics.filter((metric) => metric.name in appliance.latest);
  const names = new Set(appliance.metrics.map((metric) => metric.name));
  const extra = Object.keys(appliance.latest)
    .filter((name) => !names.has(name))
    .sort()
    .map((name) => ({ name, unit: "", kind: "measurement", low: 0, high: 0, label: plainName(name) }));
  return [...known, ...extra];
}

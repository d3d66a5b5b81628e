/** Why we say so: each piece of evidence against its normal, and the strongest one over time. */
import { Title, Tooltip, UnstyledButton } from "@mantine/core";
import { useMemo, useState } from "react";

import { useProfiles, useTelemetry } from "../api/appliances";
import type { Alert, Evidence, Ticket } from "../api/types";
import type { Range } from "../chart/gestures";
import type { ChartMark, ChartSpan } from "../chart/layers";
import { MetricChart } from "../chart/MetricChart";
import { isTellable, type Trace, traceOf } from "../chart/trace";
import { type Say, useWords } from "../i18n";
import { formatQuantity, formatShare, toMs } from "../words/format";
import { Moment } from "../words/Moment";
import { bandText, sideOf, useNames } from "../words/names";
import { now, useNow } from "../words/now";
import { Bullet } from "./Bullet";
import { PackLink } from "./PackLink";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const NOTHING: string[] = [];
/** Enough for a month of readings as stored: a day's mean of lowest and highest would be none. */
const POINTS = 50_000;
/** An alert raised so much earlier than its ticket was found in history that came late. */
const LATE = DAY;

interface WhyProps {
  ticket: Ticket;
  /** The alert behind the ticket, once it is known. */
  alert: Alert | undefined;
  level: 2 | 3;
}

export function Why({ ticket, alert, level }: WhyProps) {
  const { t } = useWords();
  const names = useNames();
  const [chosen, setChosen] = useState(0);
  const evidence = ticket.evidence[chosen] ?? ticket.evidence[0];
  return (
    <section className="card why" aria-labelledby="why-title">
      <Title order={level} size="h5" id="why-title" className="card-title">
        {t("ticket.why")}
      </Title>
      {!evidence && <p className="dim">{t("ticket.noEvidence", { source: t(`source.${ticket.source}`) })}</p>}
      {evidence && <EvidenceHead isLimit={ticket.channel === "rule"} />}
      <ul className="evidence">
        {ticket.evidence.slice(0, 5).map((item, index) => (
          <li key={item.metric}>
            <EvidenceRow
              item={item}
              kind={ticket.kind}
              isLimit={ticket.channel === "rule"}
              isChosen={item === evidence}
              onChoose={() => setChosen(index)}
            />
          </li>
        ))}
      </ul>
      {ticket.cause_of.length > 0 && (
        <p>
          {t("ticket.causeOf")}{" "}
          {[...new Set(ticket.cause_of.map((one) => names.fault(ticket.kind, one.fault_mode)))].join(" · ")}
        </p>
      )}
      {evidence && <EvidenceChart ticket={ticket} evidence={evidence} raised={toMs(alert?.raised_at)} />}
      {ticket.alert_id && <PackLink applianceId={ticket.appliance_id} alertId={ticket.alert_id} />}
    </section>
  );
}

interface EvidenceRowProps {
  item: Evidence;
  kind: string;
  /** Whether what is expected is a fixed limit, which is no normal. */
  isLimit: boolean;
  isChosen: boolean;
  onChoose: () => void;
}

/** What the columns of the evidence are. */
function EvidenceHead({ isLimit }: { isLimit: boolean }) {
  const { t } = useWords();
  return (
    <div className="evidence-row evidence-head" aria-hidden>
      <span />
      <span />
      <span>{t("ticket.atRaise")}</span>
      <span>{t(isLimit ? "ticket.limitHead" : "ticket.normalHead")}</span>
      <span>{t("ticket.shareHead")}</span>
    </div>
  );
}

function EvidenceRow({ item, kind, isLimit, isChosen, onChoose }: EvidenceRowProps) {
  const { t, language } = useWords();
  const names = useNames();
  const band = bandText(item.expected_low, item.expected_high, item.unit, language);
  const side = sideOf(item);
  return (
    <UnstyledButton className="evidence-row" aria-pressed={isChosen} onClick={onChoose}>
      <span className="evidence-name">{names.metric(kind, item.metric)}</span>
      <Bullet {...item} />
      <span className={`evidence-value ${side === "inside" ? "" : "off"}`}>
        {side === "high" ? "↑ " : side === "low" ? "↓ " : ""}
        {item.observed === null ? t("none") : formatQuantity(item.observed, item.unit, language)}
      </span>
      <span className="dim">{band && t(isLimit ? "ticket.limit" : "ticket.expected", { band })}</span>
      <Tooltip label={t("ticket.shareTitle")}>
        <span className="evidence-share">{formatShare(item.share, language)}</span>
      </Tooltip>
    </UnstyledButton>
  );
}

interface EvidenceChartProps {
  ticket: Ticket;
  evidence: Evidence;
  /** When the alert was raised. */
  raised: number | null;
}

function EvidenceChart({ ticket, evidence, raised }: EvidenceChartProps) {
  const { t, language } = useWords();
  const names = useNames();
  // Which readings a feature is made of stands in the profiles.
  const isKnown = !useProfiles(language).isPending;
  const feature = names.feature(ticket.kind, evidence.metric);
  const metric = feature?.metric ?? evidence.metric;
  const asked = !isKnown ? NOTHING : feature?.minus ? [metric, feature.minus] : [metric];
  const [part, setPart] = useState<Range | null>(null);
  const day = Math.floor(useNow() / DAY);
  const range = useMemo(() => rangeOf(ticket), [ticket, day]);
  const span = names.span(ticket.kind);
  const mode = feature && isTellable(feature, span) ? feature.mode : null;
  const telemetry = useModeTelemetry(ticket.appliance_id, asked, { start: range.start, end: range.now }, mode);
  const trace = useMemo(
    () => telemetry && traceOf(telemetry, metric, feature, span),
    [telemetry, metric, feature, span],
  );
  const band = useMemo(() => ({ low: evidence.expected_low, high: evidence.expected_high }), [evidence]);
  const marks = useMemo(() => marksOf(ticket, raised, t), [ticket, raised, t]);
  const spans = useMemo(() => spansOf(ticket, t), [ticket, t]);
  const isSame = trace?.isComparable ?? true;
  return (
    <>
      {isSame && trace && <AtRaiseAndNow evidence={evidence} trace={trace} kind={ticket.kind} />}
      <MetricChart
        name={names.metric(ticket.kind, isSame ? evidence.metric : metric)}
        unit={isSame ? evidence.unit : names.unit(ticket.kind, metric)}
        note={trace && t(`chart.per.${trace.per}`)}
        trace={trace}
        range={part ?? range}
        onRange={setPart}
        isPart={part !== null}
        band={isSame ? band : null}
        marks={marks}
        spans={spans}
        height={240}
        isSparse={trace !== undefined && trace.per !== "reading"}
        bandName={ticket.channel === "rule" ? t("chart.limit") : undefined}
      />
    </>
  );
}

/** The number of the sentence beside the newest one: what was so when it was raised need not be so now. */
function AtRaiseAndNow({ evidence, trace, kind }: { evidence: Evidence; trace: Trace; kind: string }) {
  const { t, language } = useWords();
  const names = useNames();
  const at = trace.values.findLastIndex((value) => value !== null);
  const [value, moment] = [trace.values[at], trace.ts[at]];
  if (evidence.observed === null || typeof value !== "number") return null;
  const side = sideOf({ ...evidence, observed: value });
  const quantity = (number: number) => formatQuantity(number, evidence.unit, language);
  return (
    <p className="raise-now">
      {names.metric(kind, evidence.metric)}
      {t("colon")}
      {t("ticket.raiseValue", { value: quantity(evidence.observed) })} ·{" "}
      <b className={side === "inside" ? "good-text" : "bad-text"}>{t("ticket.nowValue", { value: quantity(value) })}</b>{" "}
      <span className="dim">
        <Moment at={moment} as={trace.per === "day" ? "day" : "moment"} />
      </span>
    </p>
  );
}

/** Readings of one mode; of all where the appliance never says its mode, as the detectors do. */
function useModeTelemetry(id: string, metrics: string[], range: { start: number; end: number }, mode: string | null) {
  const own = useTelemetry(id, metrics, range, POINTS, mode);
  const isEmpty = mode !== null && own.data !== undefined && !own.isPlaceholderData && own.data.ts.length === 0;
  const any = useTelemetry(id, isEmpty ? metrics : NOTHING, range, POINTS);
  return isEmpty ? any.data : own.data;
}

/** From two weeks before the onset until now, to the hour, so that the same question is asked again from the cache; a failure window that is near is in sight. */
function rangeOf(ticket: Ticket): { start: number; end: number; now: number } {
  const opened = toMs(ticket.opened_at) ?? now();
  const onset = toMs(ticket.onset_at) ?? opened;
  const today = Math.ceil(Math.max(opened, Math.min(now(), opened + 30 * DAY)) / HOUR) * HOUR;
  const start = Math.min(onset, opened) - 14 * DAY;
  const ends = toMs(ticket.failure_window?.to) ?? today;
  return { start, now: today, end: Math.max(today, Math.min(ends, today + (today - start) * 0.6)) };
}

/** Onset and alarm; the ticket as well where it was opened long after, because the readings came late. */
function marksOf(ticket: Ticket, raised: number | null, t: Say): ChartMark[] {
  const onset = toMs(ticket.onset_at);
  const opened = toMs(ticket.opened_at);
  const marks: ChartMark[] = [];
  if (onset !== null) marks.push({ at: onset, label: t("ticket.onset"), tone: "accent" });
  if (raised !== null) marks.push({ at: raised, label: t("ticket.raised"), tone: "bad" });
  if (opened !== null && (raised === null || opened - raised > LATE)) {
    marks.push({ at: opened, label: t("ticket.opened"), tone: raised === null ? "bad" : "accent" });
  }
  return marks;
}

function spansOf(ticket: Ticket, t: Say): ChartSpan[] {
  const [from, to] = [toMs(ticket.failure_window?.from), toMs(ticket.failure_window?.to)];
  return from === null || to === null ? [] : [{ from, to, label: t("ticket.window") }];
}

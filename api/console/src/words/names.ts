/** What a metric, a feature or a kind is called in the reader's language, from the profile that the API hands out. */
import type { ApplianceDetail, Evidence, Ticket } from "../api/types";
import { formatBand, formatDay, formatQuantity, plainName, toMs } from "./format";

type Say = (key: string, options?: Record<string, unknown>) => string;

/** The label of a metric of this appliance; its plain name where no profile knows it. */
export function metricName(name: string, detail: ApplianceDetail | undefined, language: string): string {
  const label = detail?.metrics.find((metric) => metric.name === name)?.label;
  return label?.[language] ?? label?.en ?? plainName(name);
}

/** The unit of a metric. */
export function metricUnit(name: string, detail: ApplianceDetail | undefined): string {
  return detail?.metrics.find((metric) => metric.name === name)?.unit ?? "";
}

/** "52–64 s", or null where the evidence has no band. */
export function bandOf(evidence: Evidence, language: string): string | null {
  if (evidence.expected_low === null || evidence.expected_high === null) return null;
  const unit = evidence.unit ? `\u202f${evidence.unit}` : "";
  return formatBand(evidence.expected_low, evidence.expected_high, language) + unit;
}

/** The number, the normal, and since when, in one sentence. */
export function ticketSentence(ticket: Ticket, name: string, t: Say, language: string, now: number): string {
  const first = ticket.evidence[0];
  const band = first ? bandOf(first, language) : null;
  if (!first || first.observed === null || band === null) {
    return ticket.description ?? t("ticket.noEvidence", { source: t(`source.${ticket.source}`) });
  }
  const isHigh = first.observed > (first.expected_high ?? Infinity);
  const isLow = first.observed < (first.expected_low ?? -Infinity);
  const word = isHigh ? "ticket.deviation_high" : isLow ? "ticket.deviation_low" : "ticket.deviation_in";
  const sentence = t(word, { metric: name, observed: formatQuantity(first.observed, first.unit, language), band });
  const since = toMs(first.since ?? ticket.onset_at);
  if (since === null) return sentence;
  return `${sentence}${language === "zh" ? "" : " "}${t("ticket.since", { day: formatDay(since, language, now) })}`;
}

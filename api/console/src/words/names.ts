/** What a metric is called in the reader's language, and the sentence of a ticket; both in the API's words where it has them. */
import type { ApplianceDetail, Evidence, Ticket } from "../api/types";
import { formatNumber, formatQuantity, plainName } from "./format";

type Say = (key: string, options?: Record<string, unknown>) => string;

/** The label of a metric of this appliance; its plain name where no profile knows it. */
export function metricName(name: string, detail: ApplianceDetail | undefined): string {
  return detail?.metrics.find((metric) => metric.name === name)?.label ?? plainName(name);
}

/** The unit of a metric. */
export function metricUnit(name: string, detail: ApplianceDetail | undefined): string {
  return detail?.metrics.find((metric) => metric.name === name)?.unit ?? "";
}

/** "52–64 s", "≤ 64 s", "≥ 52 s", or null where nothing is expected. */
export function bandText(low: number | null, high: number | null, unit: string, language: string): string | null {
  if (low === null && high === null) return null;
  if (low === null) return `≤ ${formatQuantity(high ?? 0, unit, language)}`;
  if (high === null) return `≥ ${formatQuantity(low, unit, language)}`;
  return `${formatNumber(low, language)}–${formatQuantity(high, unit, language)}`;
}

/** Which side of its band an observation lies on. */
export function sideOf(evidence: Evidence): "high" | "low" | "inside" {
  if (evidence.observed === null) return "inside";
  if (evidence.expected_high !== null && evidence.observed > evidence.expected_high) return "high";
  if (evidence.expected_low !== null && evidence.observed < evidence.expected_low) return "low";
  return "inside";
}

/** The number, the normal and since when, as the API says it; a ticket without evidence says where it came from. */
export function ticketSentence(ticket: Ticket, t: Say): string {
  return ticket.summary ?? `${ticket.title}. ${ticket.description ?? t("ticket.noEvidence", { source: t(`source.${ticket.source}`) })}`;
}

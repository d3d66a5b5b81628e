/** What a metric is called in the reader's language, and the sentence of a ticket; both in the API's words where it has them. */
import { useMemo } from "react";

import { useProfiles } from "../api/appliances";
import type { Alert, Evidence, Feature, Ticket } from "../api/types";
import { type Say, useWords } from "../i18n";
import { formatNumber, formatQuantity, plainName } from "./format";

/** The fault mode of what deviates for no known cause. */
const UNKNOWN = "unknown";

/** Names for people; a name that no profile knows is made readable. */
export interface Names {
  kind: (kind: string) => string;
  /** A feature or a metric, as evidence names them. */
  metric: (kind: string, name: string) => string;
  /** A metric, also where a feature has the same name. */
  plainMetric: (kind: string, name: string) => string;
  isBoolean: (kind: string, name: string) => boolean;
  unit: (kind: string, name: string) => string;
  fault: (kind: string, name: string) => string;
  /** A fault mode of whatever kind knows it. */
  anyFault: (name: string) => string;
  region: (name: string) => string;
  component: (name: string) => string;
  /** A remote test of the kind's profile. */
  test: (kind: string, name: string) => string;
  /** How much harm a test can do at worst, from R0 to R3. */
  testClass: (kind: string, name: string) => string | undefined;
  /** The kinds that have a profile. */
  kinds: () => string[];
  /** The names of the fault modes that a kind may have. */
  faults: (kind: string) => string[];
  isFault: (kind: string, name: string) => boolean;
  /** What a feature of this kind is computed over: day, cycle or none. */
  span: (kind: string) => string | undefined;
  /** The feature of that name, if it is one. */
  feature: (kind: string, name: string) => Feature | undefined;
}

/** What things are called in the reader's language. */
export function useNames(): Names {
  const { t, language } = useWords();
  const profiles = useProfiles(language).data;
  return useMemo(() => {
    const known = new Map(profiles?.items.map((profile) => [profile.kind, profile]));
    const metric = (kind: string, name: string) => known.get(kind)?.metrics.find((one) => one.name === name);
    const feature = (kind: string, name: string) => known.get(kind)?.features.find((one) => one.name === name);
    return {
      kind: (kind) => known.get(kind)?.label ?? plainName(kind),
      metric: (kind, name) => feature(kind, name)?.label ?? metric(kind, name)?.label ?? plainName(name),
      plainMetric: (kind, name) => metric(kind, name)?.label ?? plainName(name),
      isBoolean: (kind, name) => metric(kind, name)?.kind === "boolean",
      unit: (kind, name) => metric(kind, name)?.unit ?? "",
      fault: (kind, name) =>
        known.get(kind)?.fault_modes.find((one) => one.name === name)?.title ??
        known.get(kind)?.data_faults.find((one) => one.name === name)?.title ??
        (name === UNKNOWN ? t("unlike", { kind: known.get(kind)?.label ?? plainName(kind) }) : plainName(name)),
      anyFault: (name) =>
        profiles?.items.flatMap((one) => [...one.fault_modes, ...one.data_faults]).find((one) => one.name === name)
          ?.title ?? plainName(name),
      region: (name) => t(`regions.${name}`, { defaultValue: name }),
      component: (name) => t(`components.${name}`, { defaultValue: plainName(name) }),
      test: (kind, name) => known.get(kind)?.tests.find((one) => one.name === name)?.label ?? plainName(name),
      testClass: (kind, name) => known.get(kind)?.tests.find((one) => one.name === name)?.danger_class,
      kinds: () => profiles?.items.map((one) => one.kind) ?? [],
      faults: (kind) => known.get(kind)?.fault_modes.map((one) => one.name) ?? [],
      isFault: (kind, name) => known.get(kind)?.fault_modes.some((one) => one.name === name && one.title) ?? false,
      span: (kind) => known.get(kind)?.unit,
      feature,
    };
  }, [profiles, t]);
}

/** What is wrong, in the reader's language where the detectors said it, in its author's words where a person did. */
export function ticketTitle(ticket: Pick<Ticket, "source" | "fault_mode" | "kind" | "title">, names: Names): string {
  const isOurs = ticket.source === "prediction" || ticket.source === "error_code";
  const mode = ticket.fault_mode ?? "";
  const isNamed = mode === UNKNOWN || names.isFault(ticket.kind, mode);
  return isOurs && isNamed ? names.fault(ticket.kind, mode) : ticket.title;
}

/** What is wrong, and with which sensor where it is one. */
export function alertTitle(alert: Pick<Alert, "kind" | "fault_mode" | "metric">, names: Names, t: Say): string {
  const fault = names.fault(alert.kind, alert.fault_mode);
  return alert.metric ? t("sensorFault", { fault, metric: names.plainMetric(alert.kind, alert.metric) }) : fault;
}

/** Why clocks rest: the usual reasons in the reader's language, any other in its author's words. */
export function holdReason(reason: string, t: Say): string {
  return t(`holdReasons.${reason.replaceAll(" ", "_")}`, { defaultValue: reason });
}

/** Who did something: an account stands for itself, what does it without people is named. */
export function actorName(actor: string, t: Say): string {
  return t(`actors.${actor}`, { defaultValue: actor });
}

/** Why a session, a test in it or a gentle mode is over; another word stands for itself. */
export function endReason(reason: string, t: Say, defaultValue = reason): string {
  return t(`endReasons.${reason}`, { defaultValue });
}

/** "52–64 s", "≤ 64 s", "≥ 52 s", or null where nothing is expected. */
export function bandText(low: number | null, high: number | null, unit: string, language: string): string | null {
  if (low === null && high === null) return null;
  if (low === null) return `≤ ${formatQuantity(high ?? 0, unit, language)}`;
  if (high === null) return `≥ ${formatQuantity(low, unit, language)}`;
  // A dash before a minus would read as one more minus.
  const between = low < 0 || high < 0 ? " … " : "–";
  return `${formatNumber(low, language)}${between}${formatQuantity(high, unit, language)}`;
}

/** Which side of its band an observation lies on. */
export function sideOf(
  evidence: Pick<Evidence, "observed" | "expected_low" | "expected_high">,
): "high" | "low" | "inside" {
  if (evidence.observed === null) return "inside";
  if (evidence.expected_high !== null && evidence.observed > evidence.expected_high) return "high";
  if (evidence.expected_low !== null && evidence.observed < evidence.expected_low) return "low";
  return "inside";
}

/** The number, the normal and since when, as the API says it; a ticket without evidence says where it came from. */
export function ticketSentence(ticket: Ticket, t: Say): string {
  return (
    ticket.summary ??
    `${ticket.title}. ${ticket.description ?? t("ticket.noEvidence", { source: t(`source.${ticket.source}`) })}`
  );
}

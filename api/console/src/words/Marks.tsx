/** Small marks that carry a word as well as a colour: status, priority, condition, availability. */
import type { Availability, Condition, TicketStatus } from "../api/types";
import { useWords } from "../i18n";

type Tone = "bad" | "warn" | "good" | "calm" | "accent";

function Mark({ tone, children }: { tone: Tone; children: React.ReactNode }) {
  return <span className={`mark ${tone}`}>{children}</span>;
}

export const STATUS_TONES: Record<TicketStatus, Tone> = {
  open: "warn",
  triaged: "accent",
  scheduled: "accent",
  in_progress: "accent",
  repaired: "good",
  closed: "calm",
  on_hold: "calm",
  cancelled: "calm",
};

export function StatusMark({ status }: { status: TicketStatus }) {
  const { t } = useWords();
  return <Mark tone={STATUS_TONES[status]}>{t(`status.${status}`)}</Mark>;
}

export const PRIORITY_TONES: Partial<Record<number, Tone>> = { 1: "bad", 2: "warn" };

export function PriorityMark({ priority }: { priority: number }) {
  const { t } = useWords();
  return <Mark tone={PRIORITY_TONES[priority] ?? "calm"}>{t("ticket.priority", { priority })}</Mark>;
}

/** The detectors no longer see what a ticket is about. */
export function ClearedMark() {
  const { t } = useWords();
  return <Mark tone="good">{t("ticket.cleared")}</Mark>;
}

const CONDITION_TONES: Record<Condition, Tone> = {
  alert: "bad",
  watch: "warn",
  ok: "good",
  learning: "calm",
  cannot_say: "calm",
};

export function ConditionMark({ condition }: { condition: Condition }) {
  const { t } = useWords();
  return <span className={conditionClass(condition)}>{t(`condition.${condition}`)}</span>;
}

/** Its colour, and an icon that the style sheet draws. */
export function conditionClass(condition: Condition): string {
  return `mark ${CONDITION_TONES[condition]} drawn i-${condition}`;
}

export function AvailabilityMark({ availability }: { availability: Availability }) {
  const { t } = useWords();
  return (
    <span className="presence">
      <span className={`dot ${availability}`} aria-hidden />
      {t(`availability.${availability}`)}
    </span>
  );
}

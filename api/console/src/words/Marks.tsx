/** Small marks that carry a word as well as a colour: status, priority, condition, availability. */
import { IconAlertTriangle, IconCircleCheck, IconEye, IconHelpCircle, IconSchool } from "@tabler/icons-react";

import type { Availability, Condition, TicketStatus } from "../api/types";
import { useWords } from "../i18n";

type Tone = "bad" | "warn" | "good" | "calm" | "accent";

function Mark({ tone, icon, children }: { tone: Tone; icon?: React.ReactNode; children: React.ReactNode }) {
  return (
    <span className={`mark ${tone}`}>
      {icon}
      {children}
    </span>
  );
}

const STATUS_TONES: Record<TicketStatus, Tone> = {
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

export function PriorityMark({ priority }: { priority: number }) {
  const { t } = useWords();
  const tone: Tone = priority === 1 ? "bad" : priority === 2 ? "warn" : "calm";
  return <Mark tone={tone}>{t("ticket.priority", { priority })}</Mark>;
}

/** The detectors no longer see what a ticket is about. */
export function ClearedMark() {
  const { t } = useWords();
  return <Mark tone="good">{t("ticket.cleared")}</Mark>;
}

const CONDITIONS: Record<Condition, [Tone, React.ReactNode]> = {
  alert: ["bad", <IconAlertTriangle key="i" size={13} aria-hidden />],
  watch: ["warn", <IconEye key="i" size={13} aria-hidden />],
  ok: ["good", <IconCircleCheck key="i" size={13} aria-hidden />],
  learning: ["calm", <IconSchool key="i" size={13} aria-hidden />],
  cannot_say: ["calm", <IconHelpCircle key="i" size={13} aria-hidden />],
};

export function ConditionMark({ condition }: { condition: Condition }) {
  const { t } = useWords();
  const [tone, icon] = CONDITIONS[condition];
  return (
    <Mark tone={tone} icon={icon}>
      {t(`condition.${condition}`)}
    </Mark>
  );
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

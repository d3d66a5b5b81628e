/** The facts in one line, the sentence, what has changed since, and the steps that may be done now. */
import { ActionIcon, Anchor, Button, Title, Tooltip } from "@mantine/core";
import { IconArrowRight, IconArrowsDiagonal, IconGavel } from "@tabler/icons-react";
import { Link } from "react-router";

import type { Alert, Ticket } from "../api/types";
import { useWords } from "../i18n";
import { ClockLine, failsText } from "../queue/ClockLine";
import { runningClocks } from "../words/clocks";
import { formatShare, toMs } from "../words/format";
import { ClearedMark, PriorityMark, StatusMark } from "../words/Marks";
import { Moment } from "../words/Moment";
import { holdReason, ticketSentence, useNames } from "../words/names";
import { useNow } from "../words/now";
import { Assignee } from "./Assignee";
import { clearedAt } from "./present";
import type { Offer, TicketSteps } from "./steps";
import { TicketType } from "./TicketType";

/** So much earlier than its ticket, an alert is told by its own time: the readings came late. */
const LATE = 3_600_000;

interface HeadingProps {
  ticket: Ticket;
  alert: Alert | undefined;
  offer: Offer;
  steps: TicketSteps;
  isEmbedded: boolean;
  onVerdict: (() => void) | undefined;
}

export function Heading({ ticket, alert, offer, steps, isEmbedded, onVerdict }: HeadingProps) {
  const { t } = useWords();
  return (
    <header className="ticket-head">
      <Facts ticket={ticket} alert={alert} isEmbedded={isEmbedded} />
      <Title order={isEmbedded ? 2 : 1} className="ticket-sentence">
        {ticketSentence(ticket, t)}
      </Title>
      <Present ticket={ticket} alert={alert} />
      <Steps ticket={ticket} offer={offer} steps={steps} onVerdict={onVerdict} />
    </header>
  );
}

function Facts({ ticket, alert, isEmbedded }: { ticket: Ticket; alert: Alert | undefined; isEmbedded: boolean }) {
  const { t, language } = useWords();
  const now = useNow();
  const names = useNames();
  const raised = alert?.raised_at ?? ticket.opened_at;
  const isLate = (toMs(ticket.opened_at) ?? 0) - (toMs(raised) ?? 0) > LATE;
  const isFailureNearer = runningClocks(ticket)[0]?.kind === "fails";
  return (
    <div className="facts">
      <strong>#{ticket.number}</strong>
      <span>
        {names.kind(ticket.kind)} {ticket.model}{" "}
        <Anchor
          component={Link}
          to={`/appliances/${encodeURIComponent(ticket.appliance_id)}`}
          inherit
          underline="always"
        >
          {ticket.appliance_id}
        </Anchor>
      </span>
      {ticket.region && <span>{names.region(ticket.region)}</span>}
      {ticket.type !== "repair" && <span className="mark calm">{ticket.work.label}</span>}
      <StatusMark status={ticket.status} />
      <PriorityMark priority={ticket.priority} />
      {clearedAt(ticket) && <ClearedMark />}
      <ClockLine ticket={ticket} />
      {ticket.failure_window && !isFailureNearer && (
        <span className="clock warn">{failsText(ticket, t, language, now)}</span>
      )}
      {ticket.probability !== null && (
        <span>{t("ticket.certainty", { share: formatShare(ticket.probability, language) })}</span>
      )}
      <span>
        {t(`source.${ticket.source}`)}
        {t("comma")}
        {isLate ? t("ticket.raised") : t("ticket.openedAgo")}{" "}
        <Moment at={isLate ? raised : ticket.opened_at} as="ago" />
      </span>
      {isEmbedded && (
        <Tooltip label={`${t("ticket.full")} (Enter)`}>
          <ActionIcon
            component={Link}
            to={`/tickets/${ticket.number}`}
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t("ticket.full")}
            ml="auto"
          >
            <IconArrowsDiagonal size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
}

/** What is so now and was not when the sentence was written: seen no longer, a visit, a verdict, a pause. */
function Present({ ticket, alert }: { ticket: Ticket; alert: Alert | undefined }) {
  const { t } = useWords();
  const cleared = clearedAt(ticket);
  const over = alert?.resolved_at ?? cleared;
  const { visit, verdict } = ticket;
  const watched = ticket.watched_until;
  if (!cleared && !visit && !verdict && !watched && !ticket.sla.paused_reason) return null;
  return (
    <ul className="present">
      {cleared && (
        <li>
          {t("ticket.clearedSince")} <Moment at={over} />
          {t("stop")} {!verdict && t("ticket.clearedAsk")}
        </li>
      )}
      {visit && (
        <li>
          {t("ticket.visit", { who: ticket.assignee ?? t("nobody") })} <Moment at={visit.from} /> –{" "}
          <Moment at={visit.to} />
        </li>
      )}
      {watched && (
        <li>
          {t("ticket.watched")} <Moment at={watched} as="day" />
          {t("stop")}
        </li>
      )}
      {verdict && <li>{t("ticket.judged", { verdict: t(`ticket.verdicts.${verdict}`) })}</li>}
      {ticket.sla.paused_reason && (
        <li>{t("ticket.pausedFor", { reason: holdReason(ticket.sla.paused_reason, t) })}</li>
      )}
    </ul>
  );
}

interface StepsProps {
  ticket: Ticket;
  offer: Offer;
  steps: TicketSteps;
  onVerdict: (() => void) | undefined;
}

function Steps({ ticket, offer, steps, onVerdict }: StepsProps) {
  const { t } = useWords();
  const { likely, others } = offer;
  return (
    <div className="ticket-steps">
      {likely && (
        <Tooltip label="n">
          <Button
            size="xs"
            rightSection={<IconArrowRight size={15} />}
            loading={steps.isBusy}
            onClick={() => steps.begin(likely)}
          >
            {t(`ticket.steps.${likely}`)}
          </Button>
        </Tooltip>
      )}
      {onVerdict && (
        <Tooltip label="v">
          <Button size="xs" variant="light" leftSection={<IconGavel size={15} />} onClick={onVerdict}>
            {ticket.verdict ? t(`ticket.verdicts.${ticket.verdict}`) : t("ticket.verdict")}
          </Button>
        </Tooltip>
      )}
      {others.map((step) => (
        <Button key={step} size="xs" variant="default" onClick={() => steps.begin(step)}>
          {t(`ticket.steps.${step}`)}
        </Button>
      ))}
      <TicketType ticket={ticket} steps={steps} />
      <Assignee ticket={ticket} steps={steps} />
    </div>
  );
}

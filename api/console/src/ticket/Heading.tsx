/** The facts in one line, the sentence, and the steps that may be done now. */
import { ActionIcon, Anchor, Button, Group, Menu, Title, Tooltip } from "@mantine/core";
import { IconArrowRight, IconArrowsDiagonal, IconChevronDown, IconGavel } from "@tabler/icons-react";
import { Link } from "react-router";

import { useAlert } from "../api/tickets";
import type { Ticket } from "../api/types";
import { useWords } from "../i18n";
import { ClockLine, failsText } from "../queue/TicketList";
import { formatShare, toMs } from "../words/format";
import { PriorityMark, StatusMark } from "../words/Marks";
import { Moment } from "../words/Moment";
import { ticketSentence, useNames } from "../words/names";
import { useNow } from "../words/now";
import { runningClocks } from "../words/clocks";
import { likelyStep, otherSteps, type TicketSteps } from "./steps";

/** So much earlier than its ticket, an alert is told by its own time: the readings came late. */
const LATE = 3_600_000;

interface HeadingProps {
  ticket: Ticket;
  steps: TicketSteps;
  isEmbedded: boolean;
  onVerdict: (() => void) | undefined;
}

export function Heading({ ticket, steps, isEmbedded, onVerdict }: HeadingProps) {
  const { t } = useWords();
  return (
    <header className="ticket-head">
      <Facts ticket={ticket} isEmbedded={isEmbedded} />
      <Title order={isEmbedded ? 2 : 1} className="ticket-sentence">
        {ticketSentence(ticket, t)}
      </Title>
      <Steps ticket={ticket} steps={steps} onVerdict={onVerdict} />
    </header>
  );
}

function Facts({ ticket, isEmbedded }: { ticket: Ticket; isEmbedded: boolean }) {
  const { t, language } = useWords();
  const now = useNow();
  const names = useNames();
  const raised = useAlert(ticket.alert_id).data?.raised_at ?? ticket.opened_at;
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
      <StatusMark status={ticket.status} />
      <PriorityMark priority={ticket.priority} />
      <ClockLine ticket={ticket} />
      {ticket.failure_window && !isFailureNearer && (
        <span className="clock warn">{failsText(ticket, t, language, now)}</span>
      )}
      {ticket.probability !== null && (
        <span>{t("ticket.certainty", { share: formatShare(ticket.probability, language) })}</span>
      )}
      <span>
        {t(`source.${ticket.source}`)}, {isLate ? t("ticket.raised") : ""}{" "}
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

function Steps({
  ticket,
  steps,
  onVerdict,
}: {
  ticket: Ticket;
  steps: TicketSteps;
  onVerdict: (() => void) | undefined;
}) {
  const { t } = useWords();
  const likely = likelyStep(ticket);
  const others = otherSteps(ticket);
  return (
    <Group gap="xs" className="ticket-steps">
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
      {others.slice(0, 2).map((step) => (
        <Button key={step} size="xs" variant="default" onClick={() => steps.begin(step)}>
          {t(`ticket.steps.${step}`)}
        </Button>
      ))}
      {others.length > 2 && (
        <Menu position="bottom-start" withinPortal>
          <Menu.Target>
            <Button size="xs" variant="subtle" color="gray" rightSection={<IconChevronDown size={14} />}>
              {t("ticket.moreSteps")}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {others.slice(2).map((step) => (
              <Menu.Item key={step} onClick={() => steps.begin(step)}>
                {t(`ticket.steps.${step}`)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <span className="dim push">{t("ticket.assigned", { who: ticket.assignee ?? t("nobody") })}</span>
    </Group>
  );
}

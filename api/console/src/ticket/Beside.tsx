/** What else is known of the appliance: its other tickets and alerts. */
import { Title } from "@mantine/core";
import { Link } from "react-router";

import type { Beside as BesideTicket, Ticket } from "../api/types";
import { useWords } from "../i18n";
import { StatusMark } from "../words/Marks";
import { Moment } from "../words/Moment";
import { alertTitle, ticketTitle, useNames } from "../words/names";

const MOST = 5;

interface BesideProps {
  ticket: Ticket;
  beside: BesideTicket | undefined;
  level: 2 | 3;
}

export function Beside({ ticket, beside, level }: BesideProps) {
  const { t } = useWords();
  const names = useNames();
  const { tickets: others = [], alerts = [] } = beside ?? {};
  const own = new Set([ticket.alert_id, ...ticket.cause_of.map((one) => one.alert_id)]);
  const lone = alerts.filter((one) => !own.has(one.id) && one.ticket_id === null).slice(0, MOST);
  if (others.length === 0 && lone.length === 0) return null;
  return (
    <section className="card" aria-labelledby="beside-title">
      <Title order={level} size="h5" id="beside-title" className="card-title">
        {t("ticket.beside")}
      </Title>
      <ul className="ticket-lines">
        {others.map((one) => (
          <li key={one.id}>
            <Link to={`/tickets/${one.number}`}>
              #{one.number} {ticketTitle(one, names)}
            </Link>
            <span className="dim">
              <Moment at={one.opened_at} as="ago" />
            </span>
            <StatusMark status={one.status} />
          </li>
        ))}
        {lone.map((one) => (
          <li key={one.id}>
            <span>{t("ticket.alertOf", { fault: alertTitle(one, names, t) })}</span>
            <span className="dim">
              <Moment at={one.raised_at} as="ago" />
            </span>
            <span className="mark calm">{t(`alertState.${one.state}`)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

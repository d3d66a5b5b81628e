/** What happened, newest first, and a place to say something. */
import { Button, Title } from "@mantine/core";
import { useState } from "react";

import { useLettersOfTicket } from "../api/letters";
import type { HistoryEntry, Ticket } from "../api/types";
import { useWords } from "../i18n";
import { plainName } from "../words/format";
import { Moment } from "../words/Moment";
import { actorName, holdReason } from "../words/names";
import type { TicketSteps } from "./steps";
import { Written } from "./Written";

interface TimelineProps {
  ticket: Ticket;
  level: 2 | 3;
  steps: TicketSteps;
  comment: React.RefObject<HTMLTextAreaElement | null>;
  mayComment: boolean;
}

export function Timeline({ ticket, level, steps, comment, mayComment }: TimelineProps) {
  const { t } = useWords();
  const [text, setText] = useState("");
  const letters = useLettersOfTicket(ticket.number, ticket.history.filter((one) => one.event === "letter").length).data;
  const answered = mayComment && ticket.legal_steps.includes("hold") ? endOfWait(ticket) : undefined;
  const send = async () => {
    if (text.trim() && (await steps.finish("comment", { text: text.trim() }))) setText("");
  };
  return (
    <section className="card" aria-labelledby="timeline-title">
      <Title order={level} size="h5" id="timeline-title" className="card-title">
        {t("ticket.timeline")}
      </Title>
      {mayComment && (
        <form
          className="comment"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <textarea
            ref={comment}
            aria-label={t("ticket.comment")}
            placeholder={`${t("ticket.commentHint")}  (m)`}
            className="field"
            rows={Math.min(8, text.split("\n").length)}
            maxLength={4000}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
          {text.trim() && (
            <Button type="submit" size="sm" loading={steps.isBusy}>
              {t("send")}
            </Button>
          )}
        </form>
      )}
      <ol className="timeline">
        {[...ticket.history].reverse().map((entry, index) => (
          <li key={ticket.history.length - index}>
            <Moment at={entry.at} />
            <span>
              <Deed entry={entry} /> <span className="dim">{actorName(entry.actor, t)}</span>
              {entry.note && <q>{entry.event === "hold" ? holdReason(entry.note, t) : entry.note}</q>}
              {entry === answered && (
                <Button
                  size="compact-xs"
                  variant="subtle"
                  loading={steps.isBusy}
                  onClick={() => void steps.finish("hold", { reason: waitedFor(entry), pause: "customer" })}
                >
                  {t("ticket.waitOn")}
                </Button>
              )}
              {letters?.items
                .filter((one) => entry.event === "letter" && one.id === entry.data?.letter)
                .map((one) => (
                  <Written key={one.id} letter={one} />
                ))}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The customer's answer that has ended the wait for them, where nobody has gone on from there. */
export function endOfWait(ticket: Pick<Ticket, "history">): HistoryEntry | undefined {
  const last = ticket.history.filter((one) => one.to_status).at(-1);
  return last?.event === "resume" && last.data?.answered_by ? last : undefined;
}

function waitedFor(entry: HistoryEntry): string {
  return String(entry.data?.waited_for ?? "");
}

function Deed({ entry }: { entry: HistoryEntry }) {
  const { t } = useWords();
  const step = t(`ticketEvents.${entry.event}`, {
    defaultValue: t(`ticket.steps.${entry.event}`, { defaultValue: plainName(entry.event) }),
  });
  const to =
    entry.from_status && entry.to_status && entry.to_status !== entry.from_status
      ? t(`status.${entry.to_status}`, { defaultValue: plainName(entry.to_status) })
      : null;
  return (
    <>
      <b>{step}</b>
      {to && ` → ${to}`}
    </>
  );
}

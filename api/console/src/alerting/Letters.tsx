/** Mail that joined no ticket by itself: who wrote what, why it waits, and where it belongs. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import { useAccount } from "../api/account";
import { useLetterCall, useWaitingLetters } from "../api/letters";
import { mayDo } from "../api/roles";
import type { LetterDocument } from "../api/types";
import { Card, Listing } from "../app/Listing";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { Written } from "../ticket/Written";
import { Moment } from "../words/Moment";

export function Letters() {
  const { t } = useWords();
  const waiting = useWaitingLetters().data?.items;
  if (!waiting) return null;
  return (
    <Card id="letters" title={t("letters.title")}>
      <Listing
        name={t("letters.title")}
        columns={["at", "from", "what", "why", "belongs"].map((one) => t(`letters.columns.${one}`))}
        empty={t("letters.none")}
        rows={waiting.map((one) => ({
          key: one.id,
          cells: [
            <Moment key="t" at={one.at} />,
            one.sender || t("none"),
            <Written key="w" letter={one} />,
            <Why key="y" letter={one} />,
            <Belongs key="b" letter={one} />,
          ],
        }))}
      />
    </Card>
  );
}

function Why({ letter }: { letter: LetterDocument }) {
  const { t } = useWords();
  return (
    <span>
      {letter.reason && t(`letters.reasons.${letter.reason}`)}{" "}
      {letter.appliance_id && <Link to={`/appliances/${letter.appliance_id}`}>{letter.appliance_id}</Link>}
    </span>
  );
}

function Belongs({ letter }: { letter: LetterDocument }) {
  const { t } = useWords();
  const [ticket, setTicket] = useState("");
  const call = useLetterCall();
  if (!mayDo(useAccount().data?.role, "dispatcher")) return null;
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ticket.trim()) call.mutate({ number: letter.id, ticket: ticket.trim().replace(/^#/, "") });
      }}
    >
      <input
        className="field"
        aria-label={t("letters.ticket")}
        placeholder="#1042"
        size={8}
        value={ticket}
        onChange={(event) => setTicket(event.currentTarget.value)}
      />{" "}
      <Button type="submit" size="compact-sm" variant="light" loading={call.isPending}>
        {t("letters.join")}
      </Button>{" "}
      <Button
        size="compact-sm"
        variant="subtle"
        disabled={call.isPending}
        onClick={() => call.mutate({ number: letter.id, ticket: null })}
      >
        {t("letters.dismiss")}
      </Button>
      <CallFailed error={call.error} />
    </form>
  );
}

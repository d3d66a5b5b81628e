/** What may be done with the picked tickets together. */
import { Button, CloseButton } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import { useAccount } from "../api/account";
import { usePeople } from "../api/people";
import { mayDo } from "../api/roles";
import type { TicketRow } from "../api/types";
import { useActions } from "../app/keys";
import { useWords } from "../i18n";
import { closing } from "../ticket/closing";
import { useBulk } from "./bulk";
import { NONE } from "./facets";

const StepForm = lazy(async () => ({ default: (await import("../ticket/StepDialog")).StepForm }));
const CloseForm = lazy(async () => ({ default: (await import("../ticket/CloseDialog")).CloseForm }));

interface BulkBarProps {
  tickets: TicketRow[];
  onDone: () => void;
}

export function BulkBar({ tickets, onDone }: BulkBarProps) {
  const { t } = useWords();
  const { isBusy, act } = useBulk();
  const [asking, setAsking] = useState<"hold" | "close" | null>(null);
  const me = useAccount().data;
  const [isPicking, setPicking] = useState(false);
  const mayAnyone = mayDo(me?.role, "dispatcher");
  const people = usePeople(isPicking && mayAnyone).data?.items.map((one) => one.name) ?? [];
  const names = [...new Set([me?.name ?? "", ...people])];
  const assign = (value: string) => {
    const assignee = value === NONE ? null : value;
    void act(tickets, {
      done: "bulk.assigned",
      steps: (ticket) => [{ step: "change", change: { assignee }, seen: ticket.version }],
      undo: (before) => [{ step: "change", change: { assignee: before.assignee } }],
    }).then(end);
  };
  const all = (step: string) => tickets.every((ticket) => ticket.legal_steps.includes(step));
  const end = () => {
    setAsking(null);
    onDone();
  };
  useActions([{ label: t("bulk.clear"), keys: ["Escape"], act: onDone }]);
  return (
    <div className="bulk" role="group" aria-label={t("bulk.title", { count: tickets.length })}>
      <b>{t("bulk.title", { count: tickets.length })}</b>
      <select
        className="field"
        aria-label={t("ticket.assign")}
        value=""
        disabled={isBusy}
        onFocus={() => setPicking(true)}
        onChange={(event) => assign(event.currentTarget.value)}
      >
        <option value="">{t("bulk.assign")}</option>
        <option value={NONE}>{t("nobody")}</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name === me?.name ? t("ticket.me", { name }) : name}
          </option>
        ))}
      </select>
      {all("hold") && (
        <Button size="compact-sm" variant="default" loading={isBusy} onClick={() => setAsking("hold")}>
          {t("ticket.steps.hold")}
        </Button>
      )}
      {all("close") && (
        <Button size="compact-sm" variant="default" loading={isBusy} onClick={() => setAsking("close")}>
          {t("ticket.steps.close")}
        </Button>
      )}
      <CloseButton size="sm" aria-label={t("bulk.clear")} onClick={onDone} className="push" />
      <Suspense>
        {asking === "hold" && (
          <StepForm
            step="hold"
            isBusy={isBusy}
            onClose={() => setAsking(null)}
            onSend={(body) =>
              void act(tickets, {
                done: "bulk.held",
                steps: (ticket) => [{ step: "hold", body, seen: ticket.version }],
                undo: () => [{ step: "resume" }],
              }).then(end)
            }
          />
        )}
        {asking === "close" && (
          <CloseForm
            isBusy={isBusy}
            onClose={() => setAsking(null)}
            onSend={(verdict, note) =>
              void act(tickets, {
                done: "bulk.closed",
                steps: (ticket) => closing(ticket, verdict, note),
                undo: () => [{ step: "reopen" }],
              }).then(end)
            }
          />
        )}
      </Suspense>
    </div>
  );
}

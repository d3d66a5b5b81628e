/** What may be done with the picked tickets together. */
import { Button, CloseButton } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import type { Ticket } from "../api/types";
import { useActions } from "../app/keys";
import { useWords } from "../i18n";
import { closing } from "../ticket/closing";
import { useBulk } from "./bulk";

const StepForm = lazy(async () => ({ default: (await import("../ticket/StepDialog")).StepForm }));
const CloseForm = lazy(async () => ({ default: (await import("../ticket/CloseDialog")).CloseForm }));

interface BulkBarProps {
  tickets: Ticket[];
  onDone: () => void;
}

export function BulkBar({ tickets, onDone }: BulkBarProps) {
  const { t } = useWords();
  const { isBusy, act } = useBulk();
  const [asking, setAsking] = useState<"hold" | "close" | null>(null);
  const all = (step: string) => tickets.every((ticket) => ticket.legal_steps.includes(step));
  const end = () => {
    setAsking(null);
    onDone();
  };
  useActions([{ label: t("bulk.clear"), keys: ["Escape"], act: onDone }]);
  return (
    <div className="bulk" role="group" aria-label={t("bulk.title", { count: tickets.length })}>
      <b>{t("bulk.title", { count: tickets.length })}</b>
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

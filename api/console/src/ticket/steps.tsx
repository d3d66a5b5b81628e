/** The steps that the life cycle allows now: begin one, ask for what it needs, take it back where nothing left the house. */
import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertCircle, IconCheck } from "@tabler/icons-react";
import { useState } from "react";

import { Problem } from "../api/client";
import { queryClient } from "../api/cache";
import { mayDo, roleOfStep } from "../api/roles";
import { isStale, readTicket, show, useStep, type Step } from "../api/tickets";
import type { Ticket } from "../api/types";
import { plainName } from "../words/format";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";

/** What people usually do next, by status; the first one that the API allows is the button in front. */
const LIKELY: Record<string, string[]> = {
  open: ["triage", "start"],
  triaged: ["start", "schedule"],
  scheduled: ["start"],
  in_progress: ["finish", "schedule"],
  repaired: ["accept", "close"],
  on_hold: ["resume"],
  closed: ["reopen"],
};

/** Steps that need words or a time before they can be done. */
export const ASKING = new Set(["schedule", "hold", "cancel", "close", "reject", "reopen", "finish"]);

/** The step that takes another one back; only where nobody outside the house has heard of it. */
const INVERSE: Record<string, string> = { hold: "resume", close: "reopen" };

const UNDO_MS = 10_000;

/** What may be done with a ticket now: what its life cycle allows and the reader's role may do. */
export interface Offer {
  /** The step to offer first, or none. */
  likely: string | undefined;
  /** The other steps, without those that have a place of their own. */
  others: string[];
  mayComment: boolean;
  mayJudge: boolean;
}

export function offerOf(ticket: Ticket, role: string | undefined): Offer {
  const steps = ticket.legal_steps.filter((step) => mayDo(role, roleOfStep(step)));
  const likely = LIKELY[ticket.status]?.find((step) => steps.includes(step));
  return {
    likely,
    others: steps.filter((step) => step !== likely && !isElsewhere(step, ticket)),
    mayComment: steps.includes("comment"),
    mayJudge: steps.includes("verdict"),
  };
}

/** What has a place of its own on the page, and holding what is on hold. */
function isElsewhere(step: string, ticket: Ticket): boolean {
  return step === "comment" || step === "verdict" || (step === "hold" && ticket.status === "on_hold");
}

export interface TicketSteps {
  /** The step that waits for words, if any. */
  asking: string | null;
  isBusy: boolean;
  begin: (step: string) => void;
  finish: (step: string, body?: Step["body"]) => Promise<boolean>;
  /** Steps that belong together, one after the other; the first one that fails ends it. */
  finishAll: (steps: Step[]) => Promise<boolean>;
  /** Says why where a change does not go. */
  told: (change: Promise<Ticket>) => Promise<void>;
  dismiss: () => void;
}

/** Steps of one ticket, with a word on each end: done (and how to take it back), or why not. */
export function useTicketSteps(ticket: Ticket): TicketSteps {
  const { t } = useWords();
  const sentence = useProblemSentence();
  const mutation = useStep(ticket.number);
  const [asking, setAsking] = useState<string | null>(null);

  // A comment harms nobody, whatever has happened meanwhile.
  const finish = (step: string, body?: Step["body"]) =>
    finishAll([{ step, body, seen: step === "comment" ? undefined : ticket.version }]);

  const finishAll = async (steps: Step[]): Promise<boolean> => {
    try {
      let after = ticket;
      for (const step of steps) after = await mutation.mutateAsync(step);
      setAsking(null);
      tell(after, steps.some(({ step }) => step === "close") ? "close" : (steps.at(-1)?.step ?? ""));
      return true;
    } catch (error) {
      await tellFailed(error);
      return false;
    }
  };

  const tellFailed = async (error: unknown) => {
    const fresh = isStale(error) ? await readTicket(ticket.number).catch(() => null) : null;
    if (fresh) {
      tellStale(fresh);
      return;
    }
    notifications.show({
      color: "red",
      icon: <IconAlertCircle size={18} />,
      title: t(error instanceof Problem && error.status === 409 ? "problem.conflict" : "problem.failed"),
      message: sentence(error),
      autoClose: 8000,
    });
  };

  /** Who changed what since this page was read, and the way to see it; words typed into a dialog stay there. */
  const tellStale = (fresh: Ticket) => {
    const id = `stale-${fresh.number}`;
    const showFresh = () => {
      notifications.hide(id);
      show(queryClient, fresh);
    };
    const changes = fresh.history.slice(ticket.history.length).slice(-3);
    notifications.show({
      id,
      closeButtonProps: { "aria-label": t("close") },
      color: "red",
      icon: <IconAlertCircle size={18} />,
      title: t("problem.conflict"),
      autoClose: false,
      message: (
        <>
          {changes.map((entry, index) => (
            <div key={index}>
              {t("problem.change", {
                who: entry.actor,
                what: t(`ticket.steps.${entry.event}`, {
                  defaultValue: t(`ticketEvents.${entry.event}`, { defaultValue: plainName(entry.event) }),
                }),
                status: t(`status.${entry.to_status ?? fresh.status}`),
              })}
              {entry.note && <q>{entry.note}</q>}
            </div>
          ))}
          <Group justify="space-between" wrap="nowrap" mt={4}>
            <span>{t("problem.unchanged")}</span>
            <Button size="compact-sm" variant="light" onClick={showFresh}>
              {t("problem.fresh")}
            </Button>
          </Group>
        </>
      ),
    });
  };

  const tell = (after: Ticket, step: string) => {
    if (step === "comment") return;
    const inverse = INVERSE[step];
    const id = `step-${after.number}-${after.history.length}`;
    const takeBack = () => {
      notifications.hide(id);
      void mutation
        .mutateAsync({ step: inverse ?? "", body: {} })
        .then(() => notifications.show({ message: t("ticket.undone") }));
    };
    notifications.show({
      id,
      closeButtonProps: { "aria-label": t("close") },
      color: "lagoon",
      icon: <IconCheck size={18} />,
      autoClose: inverse ? UNDO_MS : 4000,
      message: (
        <Group justify="space-between" wrap="nowrap">
          <span>{t("ticket.done", { number: after.number, status: t(`status.${after.status}`) })}</span>
          {inverse && (
            <Button size="compact-sm" variant="light" onClick={takeBack}>
              {t("undo")}
            </Button>
          )}
        </Group>
      ),
    });
  };

  return {
    asking,
    isBusy: mutation.isPending,
    begin: (step) => (ASKING.has(step) ? setAsking(step) : void finish(step)),
    finish,
    finishAll,
    told: (change) => change.then(() => undefined, tellFailed),
    dismiss: () => setAsking(null),
  };
}

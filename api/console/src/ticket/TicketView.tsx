/** What is wrong, how sure, and what now: one ticket, the same in the queue's right half and on its own page. */
import { Skeleton, Stack } from "@mantine/core";
import { lazy, Suspense, useRef, useState } from "react";

import { useAccount } from "../api/account";
import { mayDo } from "../api/roles";
import { useBeside, useTicket } from "../api/tickets";
import type { Beside as BesideTicket, Ticket } from "../api/types";
import { useActions } from "../app/keys";
import { Failed } from "../app/Notice";
import { useTitle } from "../app/title";
import { useWords } from "../i18n";
import { Advice } from "./Advice";
import { Heading } from "./Heading";
import { Beside } from "./Beside";
import { offerOf, useTicketSteps } from "./steps";
import { Timeline } from "./Timeline";
import { ticketTitle, useNames } from "../words/names";
import { Why } from "./Why";

const Clocks = lazy(async () => ({ default: (await import("./Clocks")).Clocks }));
const Known = lazy(async () => ({ default: (await import("./Known")).Known }));
const CloseDialog = lazy(async () => ({ default: (await import("./CloseDialog")).CloseDialog }));
const StepDialog = lazy(async () => ({ default: (await import("./StepDialog")).StepDialog }));
const SessionDialog = lazy(async () => ({ default: (await import("./SessionDialog")).SessionDialog }));
const Tasks = lazy(async () => ({ default: (await import("./Tasks")).Tasks }));
const TypeWork = lazy(async () => ({ default: (await import("./TypeWork")).TypeWork }));
const VerdictDialog = lazy(async () => ({ default: (await import("./VerdictDialog")).VerdictDialog }));

export function TicketView({ number, isEmbedded = false }: { number: number | string; isEmbedded?: boolean }) {
  const { t } = useWords();
  const ticket = useTicket(number);
  if (ticket.data) return <Whole ticket={ticket.data} isEmbedded={isEmbedded} />;
  if (ticket.isError) {
    return (
      <Failed error={ticket.error} again={() => void ticket.refetch()} missing={t("ticket.missing", { number })} />
    );
  }
  return <Outline />;
}

function Whole({ ticket, isEmbedded }: { ticket: Ticket; isEmbedded: boolean }) {
  const { t } = useWords();
  useTitle(`#${ticket.number} ${ticketTitle(ticket, useNames())}`);
  const [isVerdictOpen, setVerdictOpen] = useState(false);
  const [isSessionOpen, setSessionOpen] = useState(false);
  const comment = useRef<HTMLTextAreaElement>(null);
  const steps = useTicketSteps(ticket);
  const role = useAccount().data?.role;
  const offer = offerOf(ticket, role);
  const { likely, mayJudge } = offer;
  const mayOpenSession = mayDo(role, "technician") && !["closed", "cancelled"].includes(ticket.status);
  const beside = useBeside(ticket.number).data;
  const alert = beside?.alerts.find((one) => one.id === ticket.alert_id);
  const articles = beside?.articles ?? [];
  const level = isEmbedded ? 3 : 2;
  useActions([
    likely && { label: t(`ticket.steps.${likely}`), keys: ["n"], act: () => steps.begin(likely) },
    offer.mayComment && { label: t("ticket.comment"), keys: ["m"], act: () => comment.current?.focus() },
    mayJudge && { label: t("ticket.verdict"), keys: ["v"], act: () => setVerdictOpen(true) },
    mayOpenSession && { label: t("ticket.run"), keys: ["r"], act: () => setSessionOpen(true) },
    ...offer.others.map((step) => ({
      label: t(`ticket.steps.${step}`),
      keys: step === "schedule" ? ["s"] : undefined,
      act: () => steps.begin(step),
    })),
  ]);
  return (
    <article className="ticket">
      <Heading
        ticket={ticket}
        alert={alert}
        offer={offer}
        steps={steps}
        isEmbedded={isEmbedded}
        onVerdict={mayJudge ? () => setVerdictOpen(true) : undefined}
      />
      <div className="ticket-columns">
        <Why ticket={ticket} alert={alert} level={level} />
        <Advice
          ticket={ticket}
          beside={beside}
          level={level}
          onSession={mayOpenSession ? () => setSessionOpen(true) : undefined}
        />
      </div>
      <Suspense>
        {ticket.type !== "repair" && <TypeWork ticket={ticket} level={level} mayFill={mayOpenSession} />}
      </Suspense>
      <TasksFold ticket={ticket} tasks={beside?.tasks ?? []} may={mayOpenSession} />
      {ticket.clocks.length > 0 && <ClocksFold ticket={ticket} />}
      <Suspense>{articles.length > 0 && <Known articles={articles} level={level} />}</Suspense>
      <Beside ticket={ticket} beside={beside} level={level} />
      <Timeline ticket={ticket} level={level} steps={steps} comment={comment} mayComment={offer.mayComment} />
      <Suspense>
        {steps.asking === "close" && <CloseDialog ticket={ticket} steps={steps} />}
        {steps.asking && steps.asking !== "close" && (
          <StepDialog key={steps.asking} step={steps.asking} steps={steps} />
        )}
        {isVerdictOpen && <VerdictDialog ticket={ticket} steps={steps} onClose={() => setVerdictOpen(false)} />}
        {isSessionOpen && <SessionDialog ticket={ticket} onClose={() => setSessionOpen(false)} />}
      </Suspense>
    </article>
  );
}

/** What other departments are asked to do: open by itself where something is asked. */
function TasksFold({ ticket, tasks, may }: { ticket: Ticket; tasks: BesideTicket["tasks"]; may: boolean }) {
  const { t } = useWords();
  const open = tasks.filter((one) => one.state === "open").length;
  const [isOpen, setOpen] = useState<boolean | null>(null);
  if (tasks.length === 0 && !may) return null;
  const isShown = isOpen ?? open > 0;
  return (
    <details className="card" open={isShown} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("tasks.title", { count: open })}</summary>
      <Suspense>{isShown && <Tasks ticket={ticket} tasks={tasks} may={may} />}</Suspense>
    </details>
  );
}

/** The account of the clocks, for whoever asks: it is fetched when it is opened. */
function ClocksFold({ ticket }: { ticket: Ticket }) {
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("clocks.title")}</summary>
      <Suspense>{isOpen && <Clocks ticket={ticket} />}</Suspense>
    </details>
  );
}

function Outline() {
  const { t } = useWords();
  return (
    <Stack gap="md" className="ticket" aria-label={t("loading")} role="status">
      <Skeleton height={14} width="60%" />
      <Skeleton height={26} width="85%" />
      <div className="ticket-columns">
        <Skeleton height={420} />
        <Skeleton height={420} />
      </div>
    </Stack>
  );
}

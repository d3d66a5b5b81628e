/** Who works on it, as a control: nobody, me, or another one. */
import { useRef, useState } from "react";

import { useAccount } from "../api/account";
import { usePeople } from "../api/people";
import { mayDo } from "../api/roles";
import { useChangeTicket } from "../api/tickets";
import type { Ticket } from "../api/types";
import { useActions } from "../app/keys";
import { useWords } from "../i18n";
import type { TicketSteps } from "./steps";

export function Assignee({ ticket, steps }: { ticket: Ticket; steps: TicketSteps }) {
  const { t } = useWords();
  const me = useAccount().data;
  const [isAsked, setAsked] = useState(false);
  const box = useRef<HTMLSelectElement>(null);
  const change = useChangeTicket(ticket.number);
  const isOver = ticket.status === "closed" || ticket.status === "cancelled";
  const mayAnyone = mayDo(me?.role, "dispatcher");
  const isOthers = ticket.assignee !== null && ticket.assignee !== me?.name;
  const may = !isOver && mayDo(me?.role, "technician") && (mayAnyone || !isOthers);
  const people = usePeople(isAsked && mayAnyone).data?.items.map((one) => one.name) ?? [];
  const names = [
    ...new Set([me?.name ?? "", ...(ticket.assignee ? [ticket.assignee] : []), ...(mayAnyone ? people : [])]),
  ];
  useActions([
    may && {
      label: t("ticket.assign"),
      keys: ["a"],
      act: () => {
        setAsked(true);
        box.current?.focus();
        box.current?.showPicker?.();
      },
    },
    may &&
      ticket.assignee !== me?.name && { label: t("ticket.takeIt"), keys: ["i"], act: () => assign(me?.name ?? null) },
  ]);
  if (!may) return <span className="dim push">{t("ticket.assigned", { who: ticket.assignee ?? t("nobody") })}</span>;
  const assign = (who: string | null) =>
    void steps.told(change.mutateAsync({ change: { assignee: who }, seen: ticket.version }));
  return (
    <label className="assignee push">
      <span className="dim">{t("ticket.assignedTo")}</span>
      <select
        ref={box}
        className="field"
        value={ticket.assignee ?? ""}
        disabled={change.isPending}
        onFocus={() => setAsked(true)}
        onChange={(event) => assign(event.currentTarget.value || null)}
      >
        <option value="">{t("nobody")}</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name === me?.name ? t("ticket.me", { name }) : name}
          </option>
        ))}
      </select>
    </label>
  );
}

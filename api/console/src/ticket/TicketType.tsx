/** What type a ticket is, as a control: form and clocks become those of the other type, and it can be taken back. */
import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconCheck } from "@tabler/icons-react";
import { useState } from "react";

import { useAccount } from "../api/account";
import { mayDo } from "../api/roles";
import { useChangeTicket, useTicketTypes } from "../api/tickets";
import type { Ticket } from "../api/types";
import { useWords } from "../i18n";
import type { TicketSteps } from "./steps";

const UNDO_MS = 10_000;

export function TicketType({ ticket, steps }: { ticket: Ticket; steps: TicketSteps }) {
  const { t, language } = useWords();
  const [isAsked, setAsked] = useState(false);
  const change = useChangeTicket(ticket.number);
  const types = useTicketTypes(language, isAsked).data?.items ?? [];
  const me = useAccount().data;
  const isOver = ticket.status === "closed" || ticket.status === "cancelled";
  if (isOver || !mayDo(me?.role, "dispatcher")) return null;
  const others = types.filter((one) => one.name !== ticket.type);
  const put = async (type: string, former?: string) => {
    const after = await change.mutateAsync({ change: { type }, seen: former ? ticket.version : undefined });
    if (!former) {
      notifications.show({ message: t("ticket.undone") });
      return;
    }
    const id = `type-${after.number}-${after.version}`;
    const takeBack = () => {
      notifications.hide(id);
      void steps.told(put(former).then(() => after));
    };
    notifications.show({
      id,
      closeButtonProps: { "aria-label": t("close") },
      color: "lagoon",
      icon: <IconCheck size={18} />,
      autoClose: UNDO_MS,
      message: (
        <Group justify="space-between" wrap="nowrap">
          <span>{t("ticket.typeIs", { number: after.number, type: after.work.label })}</span>
          <Button size="compact-sm" variant="light" onClick={takeBack}>
            {t("undo")}
          </Button>
        </Group>
      ),
    });
  };
  return (
    <label className="assignee">
      <span className="dim">{t("ticket.type")}</span>
      <select
        className="field"
        value={ticket.type}
        disabled={change.isPending}
        onFocus={() => setAsked(true)}
        onMouseEnter={() => setAsked(true)}
        onChange={(event) => void steps.told(put(event.currentTarget.value, ticket.type).then(() => ticket))}
      >
        <option value={ticket.type}>{ticket.work.label}</option>
        {others.map((one) => (
          <option key={one.name} value={one.name}>
            {one.label}
          </option>
        ))}
      </select>
    </label>
  );
}

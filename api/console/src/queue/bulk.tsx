/** One step on many tickets: each in the version that was seen, what failed is told by number, and what went can be taken back. */
import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertCircle, IconCheck } from "@tabler/icons-react";
import { useState } from "react";

import { renew } from "../api/cache";
import { type Step, takeStep } from "../api/tickets";
import type { TicketRow } from "../api/types";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";

const UNDO_MS = 10_000;
const AT_ONCE = 4;

/** What a bulk action does to one ticket, and what takes it back. */
export interface BulkAct {
  /** What is said when it is done, a key with a count. */
  done: string;
  steps: (ticket: TicketRow) => Step[];
  undo: (before: TicketRow) => Step[];
}

interface Outcome {
  went: TicketRow[];
  failed: [TicketRow, unknown][];
}

/** Acts on many, says how it went, and offers the way back for ten seconds. */
export function useBulk(): { isBusy: boolean; act: (tickets: TicketRow[], bulk: BulkAct) => Promise<void> } {
  const { t } = useWords();
  const sentence = useProblemSentence();
  const [isBusy, setBusy] = useState(false);

  const act = async (tickets: TicketRow[], bulk: BulkAct) => {
    setBusy(true);
    const { went, failed } = await onEach(tickets, bulk.steps);
    setBusy(false);
    renew({ queryKey: ["tickets"] });
    renew({ queryKey: ["ticket"] });
    const id = `bulk-${performance.now()}`;
    const takeBack = async () => {
      notifications.hide(id);
      const back = await onEach(went, (before) => bulk.undo(before).map((step) => ({ ...step, seen: undefined })));
      renew({ queryKey: ["tickets"] });
      renew({ queryKey: ["ticket"] });
      notifications.show({ message: t("bulk.undone", { count: back.went.length }) });
    };
    if (went.length > 0) {
      notifications.show({
        id,
        color: "lagoon",
        icon: <IconCheck size={18} />,
        autoClose: UNDO_MS,
        message: (
          <Group justify="space-between" wrap="nowrap">
            <span>{t(bulk.done, { count: went.length })}</span>
            <Button size="compact-sm" variant="light" onClick={() => void takeBack()}>
              {t("undo")}
            </Button>
          </Group>
        ),
      });
    }
    const [first] = failed;
    if (first) {
      notifications.show({
        color: "red",
        icon: <IconAlertCircle size={18} />,
        title: t("bulk.failed", { count: failed.length, numbers: failed.map(([one]) => `#${one.number}`).join(" ") }),
        message: sentence(first[1]),
        autoClose: UNDO_MS,
      });
    }
  };
  return { isBusy, act };
}

async function onEach(tickets: TicketRow[], stepsOf: (ticket: TicketRow) => Step[]): Promise<Outcome> {
  const outcome: Outcome = { went: [], failed: [] };
  const waiting = [...tickets];
  const work = async () => {
    for (let ticket = waiting.shift(); ticket; ticket = waiting.shift()) {
      try {
        for (const step of stepsOf(ticket)) await takeStep(ticket.number, step);
        outcome.went.push(ticket);
      } catch (cause) {
        outcome.failed.push([ticket, cause]);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcome;
}

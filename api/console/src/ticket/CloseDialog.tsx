/** Closing asks what was found: one key gives the verdict and closes; without one it says that none is given. */
import { Button, Kbd, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";

import type { Ticket, Verdict } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { useWords } from "../i18n";
import { closing, VERDICTS } from "./closing";
import type { TicketSteps } from "./steps";

export function CloseDialog({ ticket, steps }: { ticket: Ticket; steps: TicketSteps }) {
  return (
    <CloseForm
      isBusy={steps.isBusy}
      given={ticket.verdict}
      onClose={steps.dismiss}
      onSend={(verdict, note) => void steps.finishAll(closing(ticket, verdict, note))}
    />
  );
}

interface CloseFormProps {
  isBusy: boolean;
  /** The verdict that stands already. */
  given?: Verdict | null;
  onClose: () => void;
  onSend: (verdict: Verdict | null, note: string) => void;
}

export function CloseForm({ isBusy, given = null, onClose, onSend }: CloseFormProps) {
  const { t } = useWords();
  const [note, setNote] = useState("");
  const send = (verdict: Verdict | null) => onSend(verdict, note.trim());
  const press = (event: React.KeyboardEvent) => {
    if (event.target instanceof HTMLTextAreaElement) return;
    const verdict = VERDICTS[Number(event.key) - 1];
    if (verdict && !isBusy) send(verdict);
  };
  return (
    <Dialog opened onClose={onClose} title={t("ticket.steps.close")}>
      <Stack gap="sm" onKeyDown={press}>
        <Text size="sm" c="dimmed">
          {t(given ? "closing.given" : "closing.ask", { verdict: given ? t(`ticket.verdicts.${given}`) : "" })}
        </Text>
        <div className="verdicts">
          {VERDICTS.map((verdict, index) => (
            <Button
              key={verdict}
              variant={verdict === given ? "light" : "default"}
              justify="flex-start"
              leftSection={<Kbd size="xs">{index + 1}</Kbd>}
              disabled={isBusy}
              data-autofocus={index === 0 || undefined}
              onClick={() => send(verdict)}
            >
              {t(`ticket.verdicts.${verdict}`)}
            </Button>
          ))}
        </div>
        <Textarea
          label={t("ticket.note")}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={4000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <DialogEnd
          onCancel={onClose}
          label={t(given ? "closing.keep" : "closing.without")}
          onSend={() => send(null)}
          isBusy={isBusy}
          isQuiet
        />
      </Stack>
    </Dialog>
  );
}

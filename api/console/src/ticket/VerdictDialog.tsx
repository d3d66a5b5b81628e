/** What the technician found; the detectors learn from it. */
import { Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Ticket, Verdict } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { useWords } from "../i18n";
import { formatShare } from "../words/format";
import { useNames } from "../words/names";
import { VERDICTS } from "./closing";
import type { TicketSteps } from "./steps";

interface VerdictDialogProps {
  ticket: Ticket;
  steps: TicketSteps;
  onClose: () => void;
}

export function VerdictDialog({ ticket, steps, onClose }: VerdictDialogProps) {
  const { t, language } = useWords();
  const names = useNames();
  const [verdict, setVerdict] = useState<Verdict>(ticket.verdict ?? "confirmed");
  const [fault, setFault] = useState(ticket.alternatives[0]?.fault_mode ?? "");
  const [note, setNote] = useState("");
  const send = async () => {
    const isOther = verdict === "other_fault" && fault.trim() !== "";
    const body = {
      verdict,
      ...(isOther ? { fault_mode: fault.trim() } : {}),
      ...(note.trim() ? { note: note.trim() } : {}),
    };
    if (await steps.finish("verdict", body)) onClose();
  };
  return (
    <Dialog opened onClose={onClose} title={t("ticket.verdict")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t("ticket.verdictHint")}
          </Text>
          <Radio.Group
            aria-label={t("ticket.verdict")}
            value={verdict}
            onChange={(value) => setVerdict(value as Verdict)}
          >
            <Stack gap={6}>
              {VERDICTS.map((one, index) => (
                <Radio
                  key={one}
                  value={one}
                  label={t(`ticket.verdicts.${one}`)}
                  data-autofocus={index === 0 || undefined}
                />
              ))}
            </Stack>
          </Radio.Group>
          {verdict === "other_fault" && (
            <TextInput
              label={t("ticket.otherCause")}
              value={fault}
              onChange={(event) => setFault(event.currentTarget.value)}
              list="known-causes"
            />
          )}
          <datalist id="known-causes">
            {ticket.alternatives.map((cause) => (
              <option key={cause.fault_mode} value={cause.fault_mode}>
                {names.fault(ticket.kind, cause.fault_mode)} {formatShare(cause.probability, language)}
              </option>
            ))}
          </datalist>
          <Textarea
            label={t("ticket.note")}
            autosize
            minRows={2}
            maxLength={4000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <DialogEnd onCancel={onClose} label={t("save")} isBusy={steps.isBusy} />
        </Stack>
      </form>
    </Dialog>
  );
}

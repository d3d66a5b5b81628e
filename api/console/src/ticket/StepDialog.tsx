/** Asks for what a step needs: a reason to hold, a note to cancel, who and when to schedule. */
import { Button, Group, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import { Dialog } from "../app/Dialog";
import { useWords } from "../i18n";
import type { TicketSteps } from "./steps";

/** Steps that can't go without words. */
const NEEDS_WORDS = new Set(["hold", "cancel"]);

export function StepDialog({ step, steps }: { step: string; steps: TicketSteps }) {
  const { t } = useWords();
  const [words, setWords] = useState("");
  const [assignee, setAssignee] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const isHold = step === "hold";
  const isIncomplete = (NEEDS_WORDS.has(step) && words.trim() === "") || (from !== "" && to !== "" && to <= from);
  const send = () => {
    const note = words.trim() ? (isHold ? { reason: words.trim() } : { note: words.trim() }) : {};
    const plan = step === "schedule" ? { assignee: assignee.trim() || undefined, from: utc(from), to: utc(to) } : {};
    void steps.finish(step, { ...plan, ...note });
  };
  return (
    <Dialog opened onClose={steps.dismiss} title={t(`ticket.steps.${step}`)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isIncomplete) send();
        }}
      >
        <Stack gap="sm">
          {step === "schedule" && (
            <>
              <TextInput
                data-autofocus
                label={t("ticket.assignee")}
                value={assignee}
                onChange={(event) => setAssignee(event.currentTarget.value)}
              />
              <Group grow>
                <TextInput
                  type="datetime-local"
                  label={t("ticket.from")}
                  value={from}
                  onChange={(event) => setFrom(event.currentTarget.value)}
                />
                <TextInput
                  type="datetime-local"
                  label={t("ticket.to")}
                  value={to}
                  onChange={(event) => setTo(event.currentTarget.value)}
                />
              </Group>
            </>
          )}
          <Textarea
            data-autofocus={step === "schedule" ? undefined : true}
            label={t(isHold ? "ticket.reason" : "ticket.note")}
            placeholder={isHold ? t("ticket.reasonHint") : undefined}
            required={NEEDS_WORDS.has(step)}
            autosize
            minRows={2}
            maxRows={6}
            maxLength={4000}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={steps.dismiss}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={steps.isBusy} disabled={isIncomplete}>
              {t(`ticket.steps.${step}`)}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function utc(local: string): string | undefined {
  return local ? new Date(local).toISOString() : undefined;
}

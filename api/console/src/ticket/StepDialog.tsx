/** Asks for what a step needs: a reason to hold, a note to cancel, who and when to schedule. */
import { Group, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import { usePeople } from "../api/people";
import { usePauses } from "../api/tickets";
import type { StepRequest } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { useWords } from "../i18n";
import { plainName } from "../words/format";
import type { TicketSteps } from "./steps";

/** What the step waits for where nothing is named; until the rules are there it is the one choice. */
const ANYTHING = "hold";
/** Steps that can't go without words. */
const NEEDS_WORDS = new Set(["hold", "cancel"]);

export function StepDialog({ step, steps }: { step: string; steps: TicketSteps }) {
  return (
    <StepForm
      step={step}
      isBusy={steps.isBusy}
      onClose={steps.dismiss}
      onSend={(body) => void steps.finish(step, body)}
    />
  );
}

interface StepFormProps {
  step: string;
  isBusy: boolean;
  onClose: () => void;
  onSend: (body: StepRequest) => void;
}

export function StepForm({ step, isBusy, onClose, onSend }: StepFormProps) {
  const { t } = useWords();
  const [words, setWords] = useState("");
  const [assignee, setAssignee] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const people = usePeople(step === "schedule").data?.items ?? [];
  const isHold = step === "hold";
  const [pause, setPause] = useState(ANYTHING);
  const known = usePauses(isHold).data?.items.map((one) => one.name) ?? [];
  const pauses = [ANYTHING, ...known.filter((one) => one !== ANYTHING)];
  const isTurned = from !== "" && to !== "" && to <= from;
  const isIncomplete = (NEEDS_WORDS.has(step) && words.trim() === "") || isTurned;
  const send = () => {
    const note = words.trim() ? (isHold ? { reason: words.trim(), pause } : { note: words.trim() }) : {};
    const plan = step === "schedule" ? { assignee: assignee.trim() || undefined, from: utc(from), to: utc(to) } : {};
    onSend({ ...plan, ...note });
  };
  return (
    <Dialog opened onClose={onClose} title={t(`ticket.steps.${step}`)}>
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
                list="people"
                value={assignee}
                onChange={(event) => setAssignee(event.currentTarget.value)}
              />
              <datalist id="people">
                {people.map((one) => (
                  <option key={one.name} value={one.name} />
                ))}
              </datalist>
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
                  error={isTurned && t("ticket.turned")}
                  onChange={(event) => setTo(event.currentTarget.value)}
                />
              </Group>
            </>
          )}
          {isHold && (
            <NativeSelect
              label={t("ticket.pause")}
              value={pause}
              onChange={(event) => setPause(event.currentTarget.value)}
              data={pauses.map((one) => ({
                value: one,
                label: t(`ticket.pauses.${one}`, { defaultValue: plainName(one) }),
              }))}
            />
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
          <DialogEnd onCancel={onClose} label={t(`ticket.steps.${step}`)} isBusy={isBusy} isReady={!isIncomplete} />
        </Stack>
      </form>
    </Dialog>
  );
}

function utc(local: string): string | undefined {
  return local ? new Date(local).toISOString() : undefined;
}

/** What a ticket's type asks for: steps to tick off, fields to write down; those that are needed before it ends say so. */
import { Button, Group, NativeSelect, Stack, TextInput, Title } from "@mantine/core";
import { useState } from "react";

import { useFillIn, useTicketTypes } from "../api/tickets";
import type { Ticket } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { plainName } from "../words/format";
import { Moment } from "../words/Moment";

type Field = Ticket["work"]["form"][number];
type Value = Field["value"];

export function TypeWork({ ticket, level, mayFill }: { ticket: Ticket; level: 2 | 3; mayFill: boolean }) {
  const { t, language } = useWords();
  const known = useTicketTypes(language).data?.items.find((one) => one.name === ticket.type);
  const fill = useFillIn(ticket.number);
  const [changed, setChanged] = useState<Record<string, Value>>({});
  const { checklist, form } = ticket.work;
  if (checklist.length === 0 && form.length === 0) return null;
  const labels = new Map([...(known?.steps ?? []), ...(known?.form ?? [])].map((one) => [one.name, one.label]));
  const label = (one: { name: string; label: string; is_needed: boolean }) =>
    `${labels.get(one.name) ?? one.label}${one.is_needed ? ` (${t("ticket.workNeeded")})` : ""}`;
  return (
    <section className="card" aria-labelledby="work-title">
      <Title order={level} size="h5" id="work-title" className="card-title">
        {t("ticket.work")}
      </Title>
      <Stack gap="xs">
        {checklist.map((one) => (
          <Group key={one.name} gap="xs">
            <label>
              <input
                type="checkbox"
                checked={one.done_at !== null}
                disabled={!mayFill || fill.isPending}
                onChange={(event) => fill.mutate({ steps: { [one.name]: event.currentTarget.checked }, form: {} })}
              />{" "}
              {label(one)}
            </label>
            {one.done_at && (
              <span className="dim">
                {one.done_by} <Moment at={one.done_at} />
              </span>
            )}
          </Group>
        ))}
        {form.map((one) => (
          <Entry
            key={one.name}
            field={one}
            label={label(one)}
            words={known?.form.find((field) => field.name === one.name)?.words ?? {}}
            value={changed[one.name] === undefined ? one.value : changed[one.name]}
            isFixed={!mayFill}
            put={(value) => setChanged({ ...changed, [one.name]: value })}
          />
        ))}
        {fill.isError && <CallFailed error={fill.error} />}
        {Object.keys(changed).length > 0 && (
          <Group>
            <Button
              size="compact-md"
              loading={fill.isPending}
              onClick={() => fill.mutate({ steps: {}, form: changed }, { onSuccess: () => setChanged({}) })}
            >
              {t("ticket.workSave")}
            </Button>
          </Group>
        )}
      </Stack>
    </section>
  );
}

interface EntryProps {
  field: Field;
  label: string;
  /** The choices as people read them. */
  words: Record<string, string>;
  value: Value | undefined;
  isFixed: boolean;
  put: (value: Value) => void;
}

function Entry({ field, label, words, value, isFixed, put }: EntryProps) {
  const { t } = useWords();
  if (field.kind === "text" || field.kind === "number") {
    const isNumber = field.kind === "number";
    return (
      <TextInput
        label={label}
        disabled={isFixed}
        maxLength={2000}
        type={isNumber ? "number" : "text"}
        step="any"
        value={typeof value === "string" || typeof value === "number" ? value : ""}
        onChange={(event) => {
          const said = event.currentTarget.value;
          put(said === "" ? null : isNumber ? Number(said) : said);
        }}
      />
    );
  }
  const answers = (name: string) => t(`ticket.workAnswers.${name}`);
  const choices = field.kind === "choice" ? field.choices : ["yes", "no"];
  const chosen = typeof value === "boolean" ? (value ? "yes" : "no") : typeof value === "string" ? value : "";
  const worded = (one: string) => words[one] ?? plainName(one);
  const say = (one: string) => (field.kind === "choice" ? worded(one) : answers(one));
  return (
    <NativeSelect
      label={label}
      disabled={isFixed}
      value={chosen}
      onChange={(event) => {
        const said = event.currentTarget.value;
        put(said === "" ? null : field.kind === "choice" ? said : said === "yes");
      }}
      data={[{ value: "", label: answers("unsaid") }, ...choices.map((one) => ({ value: one, label: say(one) }))]}
    />
  );
}

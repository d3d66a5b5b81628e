/** The record of a visit: checks, values, parts by serial, minutes, work, signature; its draft outlives the page. */
import { Button, Group, Stack, Textarea, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";

import type { OwnVisit, VisitStepRequest } from "../api/types";
import { useWords } from "../i18n";

interface Draft {
  work: string;
  repaired: "" | "yes" | "no";
  checks: Record<string, boolean>;
  parts: { sku: string; quantity: number; serial: string }[];
  measured: { name: string; value: string }[];
  minutes: string | number;
  signed: string;
}

interface RecordFormProps {
  own: OwnVisit;
  account: string;
  onSend: (body: VisitStepRequest) => void;
}

export function RecordForm({ own, account, onSend }: RecordFormProps) {
  const { t } = useWords();
  const key = `fettle.visits.draft.${account}.${own.visit.id}`;
  const [draft, setDraft] = useState<Draft>(() => JSON.parse(localStorage.getItem(key) ?? "null") ?? empty());
  useEffect(() => localStorage.setItem(key, JSON.stringify(draft)), [draft]);
  const put = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const isReady = draft.work.trim() !== "" && draft.repaired !== "";
  const likely = own.works.flatMap((work) => work.parts);
  const send = () => {
    const parts = draft.parts.filter((one) => one.sku.trim());
    const measured = draft.measured.filter((one) => one.name.trim() && Number.isFinite(Number(one.value)));
    onSend({
      is_repaired: draft.repaired === "yes",
      work: draft.work.trim(),
      checks: draft.checks,
      measured: Object.fromEntries(measured.map((one) => [one.name.trim(), Number(one.value)])),
      parts: parts.map((one) => ({ sku: one.sku.trim(), quantity: one.quantity, serial: one.serial.trim() || null })),
      minutes: draft.minutes === "" ? null : Number(draft.minutes),
      photos: [],
      signed_by: draft.signed.trim() || null,
    });
    localStorage.removeItem(key);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) send();
      }}
    >
      <Stack gap="sm" mt="sm">
        {own.works
          .filter((work) => work.first_check)
          .map((work) => (
            <label key={work.number} className="visit-check">
              <input
                type="checkbox"
                checked={draft.checks[`#${work.number}`] ?? false}
                onChange={(event) =>
                  put({ checks: { ...draft.checks, [`#${work.number}`]: event.currentTarget.checked } })
                }
              />{" "}
              {work.first_check}
            </label>
          ))}
        {draft.measured.map((one, at) => (
          <Group key={at} grow>
            <TextInput
              label={t("visits.measured")}
              value={one.name}
              onChange={(event) => put({ measured: replaced(draft.measured, at, { name: event.currentTarget.value }) })}
            />
            <TextInput
              label={t("visits.value")}
              inputMode="decimal"
              value={one.value}
              onChange={(event) =>
                put({ measured: replaced(draft.measured, at, { value: event.currentTarget.value }) })
              }
            />
          </Group>
        ))}
        {draft.parts.map((one, at) => (
          <Group key={at} grow align="flex-end">
            <TextInput
              label={t("visits.part")}
              list={`parts-${own.visit.id}`}
              value={one.sku}
              onChange={(event) => put({ parts: replaced(draft.parts, at, { sku: event.currentTarget.value }) })}
            />
            <TextInput
              type="number"
              label={t("visits.quantity")}
              min={1}
              max={1000}
              value={one.quantity}
              onChange={(event) =>
                put({ parts: replaced(draft.parts, at, { quantity: Number(event.currentTarget.value) || 1 }) })
              }
            />
            <TextInput
              label={t("visits.serial")}
              value={one.serial}
              onChange={(event) => put({ parts: replaced(draft.parts, at, { serial: event.currentTarget.value }) })}
            />
          </Group>
        ))}
        <datalist id={`parts-${own.visit.id}`}>
          {likely.map((part) => (
            <option key={part.sku} value={part.sku}>
              {part.name}
            </option>
          ))}
        </datalist>
        <Group gap="xs">
          <Button
            size="xs"
            variant="default"
            onClick={() =>
              put({
                parts: [
                  ...draft.parts,
                  { sku: draft.parts.length === 0 ? (likely[0]?.sku ?? "") : "", quantity: 1, serial: "" },
                ],
              })
            }
          >
            {t("visits.addPart")}
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={() => put({ measured: [...draft.measured, { name: "", value: "" }] })}
          >
            {t("visits.addValue")}
          </Button>
        </Group>
        <Textarea
          label={t("visits.work")}
          required
          autosize
          minRows={2}
          maxLength={10_000}
          value={draft.work}
          onChange={(event) => put({ work: event.currentTarget.value })}
        />
        <fieldset className="visit-repaired">
          <legend>{t("visits.isRepaired")}</legend>
          {(["yes", "no"] as const).map((one) => (
            <label key={one} className="visit-check">
              <input
                type="radio"
                name={`repaired-${own.visit.id}`}
                checked={draft.repaired === one}
                onChange={() => put({ repaired: one })}
              />{" "}
              {t(`visits.${one}`)}
            </label>
          ))}
        </fieldset>
        <TextInput
          type="number"
          label={t("visits.minutes")}
          min={0}
          max={1440}
          value={draft.minutes}
          onChange={(event) => put({ minutes: event.currentTarget.value })}
        />
        <TextInput
          label={t("visits.signed")}
          maxLength={200}
          value={draft.signed}
          onChange={(event) => put({ signed: event.currentTarget.value })}
        />
        <Button type="submit" disabled={!isReady}>
          {t("visits.steps.finish")}
        </Button>
      </Stack>
    </form>
  );
}

function empty(): Draft {
  return { work: "", repaired: "", checks: {}, parts: [], measured: [], minutes: "", signed: "" };
}

function replaced<T>(all: T[], at: number, part: Partial<T>): T[] {
  return all.map((one, index) => (index === at ? { ...one, ...part } : one));
}

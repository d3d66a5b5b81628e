/** A dialog that is a list of fields: what is to be written is described, not built anew for each noun. */
import { NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { useWords } from "../i18n";
import { Dialog, DialogEnd } from "./Dialog";
import { CallFailed } from "./Notice";

export interface Field {
  name: string;
  label: string;
  /** What stands in it first. */
  start?: string | undefined;
  kind?: "day" | "number" | "check";
  /** One of these: value and words. */
  choices?: [string, string][];
  isNeeded?: boolean;
  /** Written once. */
  isFixed?: boolean;
  hint?: string;
}

/** What was typed, by field; empty is null, a check is "yes" or null. */
export type Typed = Record<string, string | null>;

interface FieldsDialogProps {
  title: string;
  fields: Field[];
  send: (typed: Typed) => Promise<unknown>;
  onClose: () => void;
}

export function FieldsDialog({ title, fields, send, onClose }: FieldsDialogProps) {
  const { t } = useWords();
  const [said, setSaid] = useState<Record<string, string>>(
    Object.fromEntries(fields.map((one) => [one.name, one.start ?? one.choices?.[0]?.[0] ?? ""])),
  );
  const call = useMutation({ mutationFn: send, onSuccess: onClose });
  const isReady = fields.every((one) => !one.isNeeded || said[one.name]?.trim());
  const typed = () => Object.fromEntries(Object.entries(said).map(([name, value]) => [name, value.trim() || null]));
  return (
    <Dialog opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) call.mutate(typed());
        }}
      >
        <Stack gap="sm">
          {fields.map((one, at) => (
            <OneField
              key={one.name}
              field={one}
              isFirst={at === 0}
              value={said[one.name] ?? ""}
              onChange={(value) => setSaid({ ...said, [one.name]: value })}
            />
          ))}
          <CallFailed error={call.error} />
          <DialogEnd onCancel={onClose} label={t("save")} isBusy={call.isPending} isReady={isReady} />
        </Stack>
      </form>
    </Dialog>
  );
}

interface OneFieldProps {
  field: Field;
  isFirst: boolean;
  value: string;
  onChange: (value: string) => void;
}

function OneField({ field, isFirst, value, onChange }: OneFieldProps) {
  if (field.kind === "check")
    return (
      <label className="visit-check">
        <input
          type="checkbox"
          checked={value !== ""}
          onChange={(event) => onChange(event.currentTarget.checked ? "yes" : "")}
        />{" "}
        {field.label}
      </label>
    );
  if (field.choices)
    return (
      <NativeSelect
        label={field.label}
        value={value}
        disabled={field.isFixed ?? false}
        data={field.choices.map(([one, label]) => ({ value: one, label }))}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      label={field.label}
      description={field.hint}
      type={field.kind === "day" ? "date" : (field.kind ?? "text")}
      required={field.isNeeded ?? false}
      disabled={field.isFixed ?? false}
      value={value}
      data-autofocus={isFirst || undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

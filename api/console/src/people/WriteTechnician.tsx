/** A technician entered, or written anew. */
import { NativeSelect, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { useWriteTechnician } from "../api/crew";
import type { Provider, Technician } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { zoneName } from "../words/format";
import { licencesOf, licencesText, skillsOf, skillsText, wordsOf } from "./plain";

interface WriteTechnicianProps {
  technician: Technician | null;
  providers: Provider[];
  onClose: () => void;
}

const FIELDS = ["account", "areas", "skills", "licences", "shifts", "time_zone"] as const;

export function WriteTechnician({ technician: seen, providers, onClose }: WriteTechnicianProps) {
  const { t } = useWords();
  const write = useWriteTechnician();
  const [name, setName] = useState(seen?.name ?? "");
  const [said, setSaid] = useState({
    account: seen?.account ?? "",
    areas: seen?.areas.join(", ") ?? "",
    skills: skillsText(seen?.skills ?? {}),
    licences: licencesText(seen?.licences ?? []),
    shifts: seen?.shifts ?? "mon-fri 08:00-17:00",
    time_zone: seen?.time_zone ?? zoneName(),
  });
  const [provider, setProvider] = useState(seen?.provider_id ?? "");
  const [aDay, setADay] = useState(seen?.visits_per_day ?? 8);
  const [isActive, setActive] = useState(seen?.is_active ?? true);
  const send = () =>
    write.mutate(
      {
        seen,
        body: {
          name: name.trim(),
          external_id: seen?.external_id ?? null,
          account: said.account.trim() || null,
          provider_id: provider || null,
          home: seen?.home ?? null,
          areas: wordsOf(said.areas),
          skills: skillsOf(said.skills),
          licences: licencesOf(said.licences),
          shifts: said.shifts,
          time_zone: said.time_zone.trim(),
          visits_per_day: aDay,
          is_active: isActive,
        },
      },
      { onSuccess: onClose },
    );
  return (
    <Dialog opened onClose={onClose} title={seen ? seen.name : t("people.new")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) send();
        }}
      >
        <Stack gap="sm">
          <TextInput
            data-autofocus
            label={t("people.columns.name")}
            required
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {FIELDS.map((field) => (
            <TextInput
              key={field}
              label={t(`people.fields.${field}`)}
              description={t(`people.hints.${field}`, { defaultValue: "" })}
              value={said[field]}
              onChange={(event) => setSaid({ ...said, [field]: event.currentTarget.value })}
            />
          ))}
          <NativeSelect
            label={t("people.columns.for")}
            value={provider}
            onChange={(event) => setProvider(event.currentTarget.value)}
            data={[
              { value: "", label: t("people.us") },
              ...providers.map((one) => ({ value: one.id, label: one.name })),
            ]}
          />
          <TextInput
            type="number"
            label={t("people.aDay")}
            min={1}
            max={40}
            value={aDay}
            onChange={(event) => setADay(Number(event.currentTarget.value) || 1)}
          />
          <label className="visit-check">
            <input type="checkbox" checked={isActive} onChange={(event) => setActive(event.currentTarget.checked)} />{" "}
            {t("people.isActive")}
          </label>
          <CallFailed error={write.error} />
          <DialogEnd onCancel={onClose} label={t("save")} isBusy={write.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}

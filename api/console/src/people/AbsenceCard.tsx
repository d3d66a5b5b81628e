/** One technician: when they are away, and what lies in their van. */
import { Button, CloseButton, Group, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";

import { useAbsenceCall, useAbsences } from "../api/crew";
import { useLevels, usePlaces } from "../api/stock";
import type { AbsenceReason, Technician } from "../api/types";
import { Card, Listing } from "../app/Listing";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { dayAfter, dayIn, momentIn } from "../words/days";
import { Moment } from "../words/Moment";
import { now } from "../words/now";

const REASONS: AbsenceReason[] = ["holiday", "sick", "training", "other"];

interface AbsenceCardProps {
  technician: Technician;
  mayPlan: boolean;
  onClose: () => void;
}

export function AbsenceCard({ technician, mayPlan, onClose }: AbsenceCardProps) {
  const { t } = useWords();
  const zone = technician.time_zone;
  const [first, setFirst] = useState(dayIn(now(), zone));
  const [last, setLast] = useState(first);
  const [reason, setReason] = useState<AbsenceReason>("holiday");
  const absences = useAbsences(technician.id).data?.items ?? [];
  const call = useAbsenceCall(technician.id);
  const van = usePlaces().data?.items.find((one) => one.technician_id === technician.id);
  const levels = useLevels().data?.items.filter((one) => one.place_id === van?.id) ?? [];
  const send = () =>
    call.mutate({ start: momentIn(zone, first, "00:00"), end: momentIn(zone, dayAfter(last, 1), "00:00"), reason });
  return (
    <Card
      id="away"
      title={
        <>
          {technician.name}
          <CloseButton className="push" onClick={onClose} aria-label={t("close")} />
        </>
      }
    >
      <Listing
        name={t("people.away")}
        columns={[...["from", "to", "why", "by"].map((one) => t(`people.columns.${one}`)), ""]}
        empty={t("people.neverAway")}
        rows={absences.map((one) => ({
          key: one.id,
          cells: [
            <Moment key="f" at={one.start} />,
            <Moment key="t" at={one.end} />,
            t(`people.reasons.${one.reason}`),
            one.recorded_by,
            mayPlan && Date.parse(one.end) > now() && (
              <Button key="e" size="compact-xs" variant="default" onClick={() => call.mutate({ end_of: one.id })}>
                {t("people.isBack")}
              </Button>
            ),
          ],
        }))}
      />
      {mayPlan && (
        <Group align="flex-end" mt="sm">
          <TextInput
            type="date"
            label={t("people.firstDay")}
            value={first}
            onChange={(event) => setFirst(event.currentTarget.value)}
          />
          <TextInput
            type="date"
            label={t("people.lastDay")}
            value={last}
            min={first}
            onChange={(event) => setLast(event.currentTarget.value)}
          />
          <NativeSelect
            label={t("people.columns.why")}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value as AbsenceReason)}
            data={REASONS.map((one) => ({ value: one, label: t(`people.reasons.${one}`) }))}
          />
          <Button disabled={!first || last < first} loading={call.isPending} onClick={send}>
            {t("people.writeDown")}
          </Button>
        </Group>
      )}
      <CallFailed error={call.error} />
      <h3 className="label">{t("people.van")}</h3>
      <p>{levels.map((one) => `${one.sku} × ${one.on_hand}`).join(t("comma")) || t("people.noVan")}</p>
    </Card>
  );
}

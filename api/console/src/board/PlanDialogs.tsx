/** Whole days: the plan of one, and where visits go when somebody is not there; looked at first, then kept. */
import { NativeSelect, Skeleton, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { useDropOut, useKeepPlan, usePlan, usePlanWithout } from "../api/board";
import type { AbsenceReason, BoardRow, PlanDocument } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { clockIn, dayAfter, momentIn, shortDay } from "../words/days";

const REASONS: AbsenceReason[] = ["sick", "holiday", "training", "other"];

interface PlanDialogProps {
  day: string;
  region: string;
  rows: BoardRow[];
  onClose: () => void;
}

export function PlanDialog({ day: first, region, rows, onClose }: PlanDialogProps) {
  const { t, language } = useWords();
  const [day, setDay] = useState(first);
  const plan = usePlan(day, region);
  const keep = useKeepPlan();
  return (
    <Dialog opened onClose={onClose} title={t("board.planTitle", { day: shortDay(day, language) })}>
      <Stack gap="sm">
        <TextInput
          type="date"
          label={t("board.day")}
          value={day}
          disabled={keep.isSuccess}
          onChange={(event) => event.currentTarget.value && setDay(event.currentTarget.value)}
        />
        <Planned plan={keep.data ?? plan.data} error={plan.error ?? keep.error} rows={rows} />
        <DialogEnd
          onCancel={onClose}
          label={keep.isSuccess ? undefined : t("board.keep")}
          isBusy={keep.isPending}
          isReady={plan.data !== undefined}
          onSend={() => keep.mutate({ day, region })}
        />
      </Stack>
    </Dialog>
  );
}

export function DropOutDialog({
  row,
  day,
  rows,
  onClose,
}: {
  row: BoardRow;
  day: string;
  rows: BoardRow[];
  onClose: () => void;
}) {
  const { t, language } = useWords();
  const [reason, setReason] = useState<AbsenceReason>("sick");
  const plan = usePlanWithout(row.technician_id, day);
  const drop = useDropOut();
  const start = momentIn(row.time_zone, day, "00:00");
  const end = momentIn(row.time_zone, dayAfter(day, 1), "00:00");
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t("board.dropOutTitle", { who: row.technician, day: shortDay(day, language) })}
    >
      <Stack gap="sm">
        <NativeSelect
          label={t("board.why")}
          value={reason}
          disabled={drop.isSuccess}
          onChange={(event) => setReason(event.currentTarget.value as AbsenceReason)}
          data={REASONS.map((one) => ({ value: one, label: t(`people.reasons.${one}`) }))}
        />
        <Planned plan={drop.data ?? plan.data} error={plan.error ?? drop.error} rows={rows} />
        <DialogEnd
          onCancel={onClose}
          label={drop.isSuccess ? undefined : t("board.dropOutKeep")}
          isBusy={drop.isPending}
          isReady={plan.data !== undefined}
          onSend={() => drop.mutate({ technician: row.technician_id, day, start, end, reason })}
        />
      </Stack>
    </Dialog>
  );
}

function Planned({ plan, error, rows }: { plan: PlanDocument | undefined; error: unknown; rows: BoardRow[] }) {
  const { t } = useWords();
  if (error) return <CallFailed error={error} />;
  if (!plan) return <Skeleton height={140} />;
  const isKept = plan.booked !== null;
  const zoneOf = (technician: string) => rows.find((one) => one.technician_id === technician)?.time_zone ?? "UTC";
  const nameOf = (technician: string | null) => rows.find((one) => one.technician_id === technician)?.technician ?? "";
  const changed = plan.stops.filter((one) => one.visit_id === null || one.is_moved);
  const [fresh, moved] = [
    changed.filter((one) => one.visit_id === null).length,
    changed.filter((one) => one.is_moved).length,
  ];
  return (
    <>
      <dl className="pairs" role={isKept ? "status" : undefined}>
        <div>
          <dt>{t("board.plan.new")}</dt>
          <dd>{isKept ? plan.booked : fresh}</dd>
        </div>
        <div>
          <dt>{t("board.plan.moved")}</dt>
          <dd>{t("board.plan.of", { part: (isKept ? plan.moved : moved) ?? 0, all: plan.visits_before })}</dd>
        </div>
        <div>
          <dt>{t("board.plan.travel")}</dt>
          <dd>{t("board.plan.minutes", { before: plan.travel_before_min, after: plan.travel_min })}</dd>
        </div>
        <div>
          <dt>{t("board.plan.left")}</dt>
          <dd>{plan.left.length}</dd>
        </div>
      </dl>
      {isKept && <p className="good-text">{t("board.plan.kept")}</p>}
      {plan.refused.map((one, at) => (
        <q key={at}>{one}</q>
      ))}
      {!isKept && changed.length === 0 && <p>{t("board.plan.nothing")}</p>}
      {!isKept && (
        <ul className="board-changes">
          {changed.map((one) => (
            <li key={one.ticket_ids.join()}>
              {clockIn(one.start, zoneOf(one.technician_id))} {one.technician}
              {one.is_moved && one.was_start && (
                <span className="dim">
                  {" "}
                  {t("board.plan.was", {
                    when: clockIn(one.was_start, zoneOf(one.was_technician_id ?? "")),
                    who: nameOf(one.was_technician_id),
                  })}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** One technician's day: visits in order, each to be moved, held, confirmed or called off; and what if they are not there. */
import { Button, CloseButton, Skeleton } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";

import { type Carried, useDayOf, useVisitWord } from "../api/board";
import type { BoardRow, Visit } from "../api/types";
import { useActions } from "../app/keys";
import { CallFailed, Failed } from "../app/Notice";
import { useWords } from "../i18n";
import { clockIn, clockOf, shortDay } from "../words/days";

interface DayPanelProps {
  row: BoardRow;
  day: string;
  mayPlan: boolean;
  onCarry: (carried: Carried) => void;
  onDropOut: () => void;
  onClose: () => void;
}

export function DayPanel({ row, day, mayPlan, onCarry, onDropOut, onClose }: DayPanelProps) {
  const { t, language } = useWords();
  const found = useDayOf(row.technician_id, day, row.time_zone);
  const word = useVisitWord();
  const [chosen, choose] = useState(0);
  const visits = (found.data ?? []).filter((one) => one.status !== "cancelled");
  const visit = visits[Math.min(chosen, visits.length - 1)];
  const isMovable = visit !== undefined && (visit.status === "planned" || visit.status === "confirmed");
  const carry = (one: Visit) =>
    onCarry({ visit: one.id, version: one.version, numbers: one.tickets.map((ticket) => ticket.number) });
  const hold = (one: Visit) => word.mutate({ visit: one, word: one.is_locked ? "unlock" : "lock" });
  useActions([
    visits.length > 1 && {
      label: t("board.keys.nextVisit"),
      keys: ["n"],
      act: () => choose((chosen + 1) % visits.length),
      isMove: true,
    },
    mayPlan && isMovable && { label: t("board.move"), keys: ["m"], act: () => carry(visit) },
    mayPlan &&
      isMovable && { label: t(visit.is_locked ? "board.unlock" : "board.lock"), keys: ["l"], act: () => hold(visit) },
  ]);
  const today = row.days.find((one) => one.day === day);
  const shift = today?.spans.map(([from, to]) => `${clockOf(from)}–${clockOf(to)}`).join(t("comma"));
  return (
    <section className="card board-panel" aria-labelledby="day-title">
      <div className="board-panel-head">
        <h2 className="card-heading" id="day-title">
          {row.technician} · {shortDay(day, language)}
        </h2>
        <CloseButton onClick={onClose} aria-label={t("board.toWaiting")} />
      </div>
      <p className="dim">
        {today?.absence ? t(`people.reasons.${today.absence}`) : shift || t("board.off")} · {row.time_zone}
      </p>
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {!found.data && !found.isError && <Skeleton height={120} />}
      {found.data && visits.length === 0 && <p>{t("board.noVisits")}</p>}
      <ol className="board-visits">
        {visits.map((one) => (
          <li key={one.id} aria-current={one === visit || undefined}>
            <VisitLine visit={one} zone={row.time_zone} />
            {mayPlan && (one.status === "planned" || one.status === "confirmed") && (
              <div className="board-words">
                <Button size="compact-xs" variant="default" onClick={() => carry(one)}>
                  {t("board.move")}
                </Button>
                <Button size="compact-xs" variant="default" onClick={() => hold(one)}>
                  {t(one.is_locked ? "board.unlock" : "board.lock")}
                </Button>
                {one.status === "planned" && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    onClick={() => word.mutate({ visit: one, word: "confirm" })}
                  >
                    {t("board.confirm")}
                  </Button>
                )}
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="red"
                  onClick={() => word.mutate({ visit: one, word: "cancel" })}
                >
                  {t("board.callOff")}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ol>
      <CallFailed error={word.error} />
      {mayPlan && (
        <Button size="xs" variant="default" mt="sm" onClick={onDropOut}>
          {t("board.dropOut")}
        </Button>
      )}
    </section>
  );
}

function VisitLine({ visit, zone }: { visit: Visit; zone: string }) {
  const { t } = useWords();
  const [from, to] = [visit.promised_from, visit.promised_to];
  return (
    <>
      <p>
        <strong>
          {clockIn(visit.start, zone)}–{clockIn(visit.end, zone)}
        </strong>{" "}
        {t(`visits.states.${visit.status}`)}
        {visit.is_locked && (
          <>
            {" "}
            <IconLock size={13} aria-hidden /> {t("board.locked")}
          </>
        )}
      </p>
      {visit.tickets.map((one) => (
        <p key={one.id}>
          <Link to={`/tickets/${one.number}`}>#{one.number}</Link> <q className="inline">{one.title}</q> ·{" "}
          {one.appliance_id}
        </p>
      ))}
      <p className="dim">
        {t("board.travel", { count: visit.travel_min })}
        {from && to && ` · ${t("board.promised", { from: clockIn(from, zone), to: clockIn(to, zone) })}`}
        {visit.override_reason && ` · ${t("board.overridden")}`}
      </p>
      {visit.override_reason && <q>{visit.override_reason}</q>}
    </>
  );
}

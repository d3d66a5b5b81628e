/** The dispatch board: technicians and their days, what waits for a visit, and every change weighed before it is made. */
import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { type Aim, type Carried, useBoard } from "../api/board";
import { mayDo } from "../api/roles";
import { useChange } from "../app/address";
import { Choice, useChosen } from "../app/Choice";
import { useActions } from "../app/keys";
import { Failed } from "../app/Notice";
import { ChangeDialog } from "../board/ChangeDialog";
import { DayPanel } from "../board/DayPanel";
import { EmptyBoard } from "../board/EmptyBoard";
import { Grid } from "../board/Grid";
import { JobPanel } from "../board/JobPanel";
import { DropOutDialog, PlanDialog } from "../board/PlanDialogs";
import { Waiting } from "../board/Waiting";
import "../board/board.css";
import { useWords } from "../i18n";
import { dayAfter, dayIn } from "../words/days";
import { useNames } from "../words/names";
import { now } from "../words/now";

const SPANS = ["1", "7", "14"];
const DAY = /^\d{4}-\d\d-\d\d$/;

export function Board() {
  const { t } = useWords();
  const names = useNames();
  const [search] = useSearchParams();
  const change = useChange();
  const mayPlan = mayDo(useAccount().data?.role, "dispatcher");
  const today = dayIn(now());
  const said = search.get("start") ?? "";
  const start = DAY.test(said) ? said : today;
  const spans: [string, string][] = SPANS.map((one) => [one, t("board.days", { count: Number(one) })]);
  const days = Number(useChosen("days", spans, "7"));
  const region = search.get("region") ?? "";
  const answer = useBoard(start, days, region);
  const board = answer.data;
  const [carried, carry] = useState<Carried | null>(null);
  const [aim, setAim] = useState<Aim | null>(null);
  const [asked, ask] = useState<"plan" | "without" | null>(null);

  const [technician = "", day = ""] = (search.get("at") ?? "").split("~");
  const row = board?.rows.find((one) => one.technician_id === technician);
  const cell = row && board?.days.includes(day) ? { row, day } : null;
  const job = board?.waiting.find((one) => String(one.tickets[0]?.number) === search.get("job"));
  const numbersOf = useMemo(() => new Map(board?.visits.map((one) => [one.id, one])), [board]);

  // Keys may come faster than the address is drawn: where the choice is now is known at once.
  const spot = useRef({ technician, day });
  useEffect(() => {
    spot.current = { technician, day };
  }, [technician, day]);
  const goCell = (who: string, when: string) => {
    spot.current = { technician: who, day: when };
    change({ at: `${who}~${when}`, job: carried ? search.get("job") : null });
  };
  const step = (down: number, right: number) => {
    if (!board || board.rows.length === 0) return;
    const atRow = board.rows.findIndex((one) => one.technician_id === spot.current.technician);
    const atDay = board.days.indexOf(spot.current.day);
    const next = board.rows[clamp(atRow < 0 ? 0 : atRow + down, board.rows.length)];
    goCell(next?.technician_id ?? "", board.days[clamp(atDay < 0 ? 0 : atDay + right, board.days.length)] ?? "");
  };
  const stepJob = (by: number) => {
    const at = job ? (board?.waiting.indexOf(job) ?? -1) : -1;
    const next = board?.waiting[clamp(at + by, board.waiting.length)];
    if (next) change({ job: String(next.tickets[0]?.number), at: null });
  };
  const leave = () => {
    if (carried) carry(null);
    else change({ at: null, job: null });
  };
  const moveTo = (by: number) => change({ start: dayAfter(start, by), at: null });
  const put = () => spot.current.technician && setAim({ ...spot.current });
  const grab = job && (() => carry({ numbers: job.tickets.map((one) => one.number) }));

  useActions([
    { label: t("board.keys.up"), keys: ["ArrowUp"], act: () => step(-1, 0), isMove: true },
    { label: t("board.keys.down"), keys: ["ArrowDown"], act: () => step(1, 0), isMove: true },
    { label: t("board.keys.left"), keys: ["ArrowLeft"], act: () => step(0, -1), isMove: true },
    { label: t("board.keys.right"), keys: ["ArrowRight"], act: () => step(0, 1), isMove: true },
    { label: t("board.keys.nextJob"), keys: ["j"], act: () => stepJob(1), isMove: true },
    { label: t("board.keys.previousJob"), keys: ["k"], act: () => stepJob(-1), isMove: true },
    { label: t("board.keys.earlier"), keys: ["["], act: () => moveTo(-days) },
    { label: t("board.keys.later"), keys: ["]"], act: () => moveTo(days) },
    { label: t("board.keys.today"), keys: ["t"], act: () => change({ start: null, at: null }) },
    mayPlan && grab && { label: t("board.keys.carry"), keys: ["m"], act: grab },
    mayPlan && carried && { label: t("board.keys.put"), keys: ["Enter"], act: put },
    mayPlan && { label: t("board.planDay"), keys: ["p"], act: () => ask("plan") },
    mayPlan && cell && { label: t("board.dropOut"), keys: ["x"], act: () => ask("without") },
    { label: t("board.keys.leave"), keys: ["Escape"], act: leave, isMove: true },
  ]);

  if (answer.isError && !board) return <Failed error={answer.error} again={() => void answer.refetch()} />;
  const regions = board ? board.regions : [];
  return (
    <div className="sheet whole board">
      <div className="sheet-head">
        <h1>{t("nav.board")}</h1>
        <div className="board-when">
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => moveTo(-days)}
            aria-label={t("board.keys.earlier")}
          >
            ‹
          </Button>
          <input
            className="field"
            type="date"
            value={start}
            aria-label={t("board.firstDay")}
            onChange={(event) => change({ start: event.currentTarget.value || null, at: null })}
          />
          <Button size="compact-sm" variant="default" onClick={() => moveTo(days)} aria-label={t("board.keys.later")}>
            ›
          </Button>
        </div>
        <Choice name="days" label={t("board.span")} values={spans} start="7" />
        <NativeSelect
          size="xs"
          aria-label={t("board.region")}
          value={region}
          onChange={(event) => change({ region: event.currentTarget.value || null, at: null })}
          data={[
            { value: "", label: t("board.everywhere") },
            ...regions.map((one) => ({ value: one, label: names.region(one) })),
          ]}
        />
        {mayPlan && (
          <Button size="xs" className="push" onClick={() => ask("plan")}>
            {t("board.planDay")}
          </Button>
        )}
      </div>
      {carried && (
        <p className="board-carried" role="status">
          {t("board.carried", { numbers: carried.numbers.map((one) => `#${one}`).join(" ") })}
          <Button size="compact-xs" variant="default" onClick={() => carry(null)}>
            {t("board.letGo")}
          </Button>
        </p>
      )}
      {!board ? (
        <Skeleton height={420} />
      ) : (
        <div className="board-parts">
          <div className="board-side">
            {cell ? (
              <DayPanel
                key={`${technician}${day}`}
                row={cell.row}
                day={cell.day}
                mayPlan={mayPlan}
                onCarry={carry}
                onDropOut={() => ask("without")}
                onClose={leave}
              />
            ) : job ? (
              <JobPanel
                key={job.tickets[0]?.number}
                job={job}
                rows={board.rows}
                mayPlan={mayPlan}
                onCarry={() => grab?.()}
                onChoose={(chosen) => {
                  carry({ numbers: job.tickets.map((one) => one.number) });
                  setAim(chosen);
                }}
                onClose={leave}
              />
            ) : (
              <Waiting
                jobs={board.waiting}
                onChoose={(number) => change({ job: String(number), at: null })}
                onDrag={mayPlan ? carry : undefined}
              />
            )}
          </div>
          {board.rows.length === 0 ? (
            <EmptyBoard />
          ) : (
            <Grid
              board={board}
              today={today}
              at={cell ? { technician, day } : null}
              onCell={goCell}
              onDrag={mayPlan ? (visit) => carry(carriedOf(numbersOf.get(visit))) : undefined}
              onDrop={(who, when) => {
                goCell(who, when);
                if (carried) setAim({ technician: who, day: when });
              }}
            />
          )}
        </div>
      )}
      {carried && aim && board && (
        <ChangeDialog
          carried={carried}
          aim={aim}
          zone={board.rows.find((one) => one.technician_id === aim.technician)?.time_zone ?? "UTC"}
          onClose={(isDone) => {
            setAim(null);
            carry(null);
            if (isDone) change({ job: null, at: `${aim.technician}~${aim.day}` });
          }}
        />
      )}
      {asked === "plan" && board && (
        <PlanDialog day={day || start} region={region} rows={board.rows} onClose={() => ask(null)} />
      )}
      {asked === "without" && cell && board && (
        <DropOutDialog row={cell.row} day={cell.day} rows={board.rows} onClose={() => ask(null)} />
      )}
    </div>
  );
}

function carriedOf(visit: { id: string; version: number; numbers: number[] } | undefined): Carried | null {
  return visit ? { visit: visit.id, version: visit.version, numbers: visit.numbers } : null;
}

function clamp(at: number, length: number): number {
  return Math.min(Math.max(at, 0), length - 1);
}

/** One home that waits: its tickets, and who could go when, with what speaks for it. */
import { Button, CloseButton, Skeleton } from "@mantine/core";
import { Link } from "react-router";

import { type Aim, useProposals } from "../api/board";
import type { BoardRow, Hindrance, WaitingJob } from "../api/types";
import { useActions } from "../app/keys";
import { Failed } from "../app/Notice";
import { useWords } from "../i18n";
import { clockIn, dayIn, shortDay } from "../words/days";
import { Moment } from "../words/Moment";
import { useJobTitle } from "./Waiting";

interface JobPanelProps {
  job: WaitingJob;
  rows: BoardRow[];
  mayPlan: boolean;
  onCarry: () => void;
  onChoose: (aim: Aim) => void;
  onClose: () => void;
}

export function JobPanel({ job, rows, mayPlan, onCarry, onChoose, onClose }: JobPanelProps) {
  const { t } = useWords();
  const title = useJobTitle();
  return (
    <section className="card board-panel" aria-labelledby="job-title">
      <div className="board-panel-head">
        <h2 className="card-heading" id="job-title">
          {title(job)}
        </h2>
        <CloseButton onClick={onClose} aria-label={t("board.toWaiting")} />
      </div>
      <p className="dim">
        {job.tickets.map((one) => (
          <Link key={one.number} to={`/tickets/${one.number}`}>{`#${one.number} ${one.appliance_id} `}</Link>
        ))}
        {t("board.minutes", { count: job.minutes })}
        {job.licences.length > 0 &&
          ` · ${t("board.needs", { what: job.licences.map((one) => t(`people.licences.${one}`, { defaultValue: one })).join(t("comma")) })}`}
      </p>
      {job.due && (
        <p className="dim">
          {t("board.due")} <Moment at={job.due} />
        </p>
      )}
      {mayPlan && (
        <>
          <Button size="xs" variant="default" onClick={onCarry} my="xs">
            {t("board.carry")}
          </Button>
          <Proposed job={job} rows={rows} onChoose={onChoose} />
        </>
      )}
    </section>
  );
}

function Proposed({ job, rows, onChoose }: Pick<JobPanelProps, "job" | "rows" | "onChoose">) {
  const { t, language } = useWords();
  const found = useProposals(job.tickets.map((one) => one.number));
  const zoneOf = (technician: string) => rows.find((one) => one.technician_id === technician)?.time_zone ?? "UTC";
  const items = found.data?.items ?? [];
  const choose = (at: number) => {
    const one = items[at];
    if (one)
      onChoose({
        technician: one.technician_id,
        day: dayIn(Date.parse(one.start), zoneOf(one.technician_id)),
        start: one.start,
      });
  };
  useActions(
    ["1", "2", "3", "4", "5"].map(
      (key, at) =>
        at < items.length && { label: t("board.keys.proposal", { key }), keys: [key], act: () => choose(at) },
    ),
  );
  if (found.isError) return <Failed error={found.error} again={() => void found.refetch()} />;
  if (!found.data) return <Skeleton height={120} />;
  const out = Object.entries(found.data.left_out) as [Hindrance, number][];
  return (
    <>
      <h3 className="label">{t("board.proposals")}</h3>
      {items.length === 0 && <p>{t("board.nobody")}</p>}
      <ol className="board-proposals">
        {items.map((one, at) => {
          const zone = zoneOf(one.technician_id);
          return (
            <li key={`${one.technician_id}${one.start}`}>
              <button type="button" className="board-job" onClick={() => choose(at)}>
                <span className="row-top">
                  <span className="row-title">{one.technician}</span>
                  <span>{`${shortDay(dayIn(Date.parse(one.start), zone), language)} ${clockIn(one.start, zone)}`}</span>
                </span>
                <span className="board-why">
                  {[
                    t("board.added", { signed: signed(one.added_travel_min) }),
                    t("board.visits", { count: one.visits_that_day }),
                    t("board.level", { level: one.level }),
                    one.is_preferred && t("board.preferred"),
                    t(one.is_before_due ? "board.beforeDue" : "board.afterDue"),
                    one.is_before_failure !== null &&
                      t(one.is_before_failure ? "board.beforeFailure" : "board.afterFailure"),
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
      {out.length > 0 && (
        <p className="dim">
          {t("board.leftOut")}
          {out.map(([why, count]) => `${t(`board.hindrances.${why}`)} ${count}`).join(t("comma"))}
        </p>
      )}
    </>
  );
}

/** "+12" or "−5": a change of minutes. */
export function signed(minutes: number): string {
  return minutes < 0 ? `−${-minutes}` : `+${minutes}`;
}

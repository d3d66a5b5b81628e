/** What waits for a visit, the most urgent first; each can be opened for proposals, or drawn onto a day. */
import type { Carried } from "../api/board";
import type { WaitingJob } from "../api/types";
import { useWords } from "../i18n";
import { toMs } from "../words/format";
import { PriorityMark } from "../words/Marks";
import { Moment } from "../words/Moment";
import { ticketTitle, useNames } from "../words/names";
import { useNow } from "../words/now";

interface WaitingProps {
  jobs: WaitingJob[];
  onChoose: (number: number) => void;
  onDrag: ((carried: Carried) => void) | undefined;
}

export function Waiting({ jobs, onChoose, onDrag }: WaitingProps) {
  const { t } = useWords();
  return (
    <section className="card board-waiting" aria-labelledby="waiting-title">
      <h2 className="card-heading" id="waiting-title">
        {t("board.waiting")} <span className="dim">{jobs.length}</span>
      </h2>
      {jobs.length === 0 && <p className="dim">{t("board.nothingWaits")}</p>}
      <ul className="board-jobs">
        {jobs.map((job) => (
          <li key={job.tickets[0]?.number}>
            <Job job={job} onChoose={onChoose} onDrag={onDrag} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Job({ job, onChoose, onDrag }: { job: WaitingJob } & Omit<WaitingProps, "jobs">) {
  const { t } = useWords();
  const names = useNames();
  const title = useJobTitle();
  const now = useNow();
  const due = toMs(job.due);
  return (
    <button
      type="button"
      className="board-job"
      draggable={onDrag !== undefined}
      onDragStart={(event) => {
        event.dataTransfer.setData("text/plain", String(job.tickets[0]?.number));
        onDrag?.({ numbers: job.tickets.map((one) => one.number) });
      }}
      onClick={() => onChoose(job.tickets[0]?.number ?? 0)}
    >
      <span className="row-top">
        <span className="row-title">{title(job)}</span>
        <PriorityMark priority={job.priority} />
      </span>
      <span className="row-mid">
        {job.tickets.map((one) => `#${one.number}`).join(" ")}
        {job.region && ` · ${names.region(job.region)}`} · {t("board.minutes", { count: job.minutes })}
      </span>
      {due !== null && (
        <span className={due < now ? "clock bad" : "clock"}>
          {t("board.due")} <Moment at={due} />
        </span>
      )}
    </button>
  );
}

/** What is wrong at a home, in the reader's language where the detectors said it. */
export function useJobTitle(): (job: WaitingJob) => string {
  const names = useNames();
  return (job) =>
    job.tickets
      .map((one) => ticketTitle({ ...one, source: one.fault_mode ? "prediction" : "customer" }, names))
      .join(" · ");
}

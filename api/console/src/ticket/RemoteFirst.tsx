/** Remote first: until when it is tried from afar, how that ended, and the ways to end it. */
import { useEndRemoteFirst } from "../api/remoteFirst";
import type { Beside, RemoteExit, Ticket } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";

const EXITS: RemoteExit[] = ["solved_remotely", "needs_visit", "customer_refused", "not_reachable"];

interface RemoteFirstProps {
  ticket: Ticket;
  stage: Beside["remote_first"] | undefined;
  mayEnd: boolean;
}

export function RemoteFirst({ ticket, stage, mayEnd }: RemoteFirstProps) {
  const { t } = useWords();
  const call = useEndRemoteFirst(ticket.number);
  if (!stage) return null;
  return (
    <div className="remote-first">
      <p>
        <b>{t("ticket.remoteFirst")}</b>{" "}
        {stage.exit ? (
          <span className="mark calm">{t(`ticket.remoteExits.${stage.exit}`)}</span>
        ) : (
          <span className={stage.is_late ? "bad-text" : "dim"}>
            {t(stage.is_late ? "ticket.remoteLate" : "ticket.remoteUntil")} <Moment at={stage.due_at} />
          </span>
        )}
      </p>
      {!stage.ended_at && mayEnd && (
        <select
          className="field"
          aria-label={t("ticket.remoteEnd")}
          value=""
          disabled={call.isPending}
          onChange={(event) => call.mutate(event.currentTarget.value as RemoteExit)}
        >
          <option value="" disabled>
            {t("ticket.remoteEnd")}
          </option>
          {EXITS.map((exit) => (
            <option key={exit} value={exit}>
              {t(`ticket.remoteExits.${exit}`)}
            </option>
          ))}
        </select>
      )}
      <CallFailed error={call.error} />
    </div>
  );
}

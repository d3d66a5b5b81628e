/** The ticket's account of its clocks: what each has run, when it is due, and every pause with its reason. */
import type { Ticket } from "../api/types";
import { Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatSpan, plainName, toMs } from "../words/format";
import { Moment } from "../words/Moment";
import { holdReason } from "../words/names";
import { useNow } from "../words/now";

type Clock = Ticket["clocks"][number];

export function Clocks({ ticket }: { ticket: Ticket }) {
  const { t, language } = useWords();
  return (
    <Listing
      name={t("clocks.title")}
      columns={["clock", "due", "spent", "state", "paused"].map((one) => t(`clocks.columns.${one}`))}
      empty=""
      rows={ticket.clocks.map((clock) => ({
        key: clock.name,
        cells: [
          t(`clocks.names.${clock.name}`, { defaultValue: plainName(clock.name) }),
          <Moment key="d" at={clock.due_at} />,
          clock.name === "failure" ? t("none") : formatSpan(clock.spent_s * 1000, language),
          <State key="s" clock={clock} />,
          <Pauses key="p" clock={clock} />,
        ],
      }))}
    />
  );
}

function State({ clock }: { clock: Clock }) {
  const { t } = useWords();
  const state = clock.is_breached ? "breached" : clock.paused_since ? "paused" : "runs";
  const tone = { breached: "bad", paused: "calm", runs: "good" }[state];
  return <span className={`mark ${tone}`}>{t(`clocks.states.${state}`)}</span>;
}

/** "3 h 10 min: waiting for the part", one line for each pause. */
function Pauses({ clock }: { clock: Clock }) {
  const { t, language } = useWords();
  const now = useNow();
  if (clock.pauses.length === 0) return <>{t("none")}</>;
  return (
    <ul>
      {clock.pauses.map((pause) => {
        const span = (toMs(pause.to) ?? now) - (toMs(pause.from) ?? now);
        return (
          <li key={pause.from}>
            {formatSpan(span, language)}
            {pause.reason && t("colon") + holdReason(pause.reason, t)}
          </li>
        );
      })}
    </ul>
  );
}

import type { Ticket } from "../api/types";
import { useWords } from "../i18n";
import { now } from "../words/now";
import { chooseView, type View, VIEWS } from "./views";

interface ViewChipsProps {
  view: View;
  /** Every open ticket, or null while they are fetched. */
  open: Ticket[] | null;
  me: string;
  onChoose: (view: View) => void;
}

/** The views as chips, each with the number of tickets behind it. */
export function ViewChips({ view, open, me, onChoose }: ViewChipsProps) {
  const { t } = useWords();
  return (
    <div className="chips" role="group" aria-label={t("queue.title")}>
      {VIEWS.map((one) => (
        <button key={one} type="button" className="chip" aria-pressed={one === view} onClick={() => onChoose(one)}>
          {t(`queue.views.${one}`)}
          {one !== "closed" && open && <span className="count">{chooseView(open, one, me, now()).length}</span>}
        </button>
      ))}
    </div>
  );
}

/** A letter that joined a ticket, or waits to. */
import type { LetterDocument } from "../api/types";
import { useWords } from "../i18n";

/** What somebody wrote, and the names of what hung at it. */
export function Written({ letter }: { letter: LetterDocument }) {
  const { t } = useWords();
  return (
    <span className="letter">
      <b>{letter.subject || t("none")}</b>
      {letter.text && <q>{letter.text}</q>}
      {letter.attached.length > 0 && (
        <span className="dim">
          {t("ticket.attached")} {letter.attached.map((one) => one.name || one.type).join(", ")}
        </span>
      )}
    </span>
  );
}

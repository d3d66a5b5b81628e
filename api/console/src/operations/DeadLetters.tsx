/** Messages that could not be accepted, by reason, with what they said. */
import { useSearchParams } from "react-router";

import { useDeadLetters } from "../api/operations";
import type { DeadLetterReason } from "../api/types";
import { useChange } from "../app/address";
import { Card } from "../app/Listing";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { Moment } from "../words/Moment";

export function DeadLetters({ counts }: { counts: [string, number][] }) {
  const { t, language } = useWords();
  const [search] = useSearchParams();
  const change = useChange();
  const reason = search.get("reason") as DeadLetterReason | null;
  const letters = useDeadLetters(reason).data?.items;
  return (
    <Card id="dead" title={t("operations.dead")}>
      {counts.length > 0 && (
        <div className="chips flat" role="group" aria-label={t("operations.reason")}>
          {counts.map(([one, count]) => (
            <button
              key={one}
              type="button"
              className="chip"
              aria-pressed={one === reason}
              onClick={() => change({ reason: one === reason ? null : one })}
            >
              {t(`operations.reasons.${one}`, { defaultValue: one })}{" "}
              <span className="count">{formatNumber(count, language)}</span>
            </button>
          ))}
        </div>
      )}
      {letters?.length === 0 && <p className="dim">{t("operations.noDead")}</p>}
      <ul className="letters">
        {letters?.map((letter) => (
          <li key={letter.number}>
            <details>
              <summary>
                <Moment at={letter.received_at} /> <code>{letter.topic}</code>{" "}
                <span className="mark warn">
                  {t(`operations.reasons.${letter.reason}`, { defaultValue: letter.reason })}
                </span>
              </summary>
              <p>{letter.detail}</p>
              <pre>{letter.payload ?? letter.payload_base64}</pre>
            </details>
          </li>
        ))}
      </ul>
    </Card>
  );
}

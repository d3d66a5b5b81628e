/** Messages that could not be accepted, by reason, with what they said; whoever may has them judged again. */
import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { useDeadLetters, useLetterCounts, useReplay } from "../api/operations";
import { mayDo } from "../api/roles";
import type { DeadLetter, DeadLetterReason } from "../api/types";
import { useChange } from "../app/address";
import { Card } from "../app/Listing";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { Moment } from "../words/Moment";

export function DeadLetters() {
  const { t, language } = useWords();
  const [search] = useSearchParams();
  const change = useChange();
  const mayReplay = mayDo(useAccount().data?.role, "manager");
  const reason = search.get("reason") as DeadLetterReason | null;
  const listed = useDeadLetters(reason);
  const letters = listed.data?.items;
  const counted = useLetterCounts();
  const counts = counted.data?.items ?? [];
  const replay = useReplay();
  const underWay = letters?.filter((one) => one.asked_at).length ?? 0;
  useAnswers(underWay, () => {
    void listed.refetch();
    void counted.refetch();
  });
  return (
    <Card id="dead" title={t("operations.dead")}>
      {counts.length > 0 && (
        <div className="chips flat" role="group" aria-label={t("operations.reason")}>
          {counts.map((one) => (
            <button
              key={one.reason}
              type="button"
              className="chip"
              aria-pressed={one.reason === reason}
              onClick={() => change({ reason: one.reason === reason ? null : one.reason })}
            >
              {t(`operations.reasons.${one.reason}`, { defaultValue: one.reason })}{" "}
              <span className="count">{formatNumber(one.kept, language)}</span>
            </button>
          ))}
        </div>
      )}
      {mayReplay && reason && letters?.some(canCome) && (
        <p>
          <Button
            size="compact-sm"
            variant="light"
            loading={replay.isPending}
            onClick={() => replay.mutate({ reason })}
          >
            {t("operations.replayAll")}
          </Button>{" "}
          <span className="dim">{t("operations.replayHint")}</span>
        </p>
      )}
      <CallFailed error={replay.error} />
      {letters?.length === 0 && <p className="dim">{t("operations.noDead")}</p>}
      <p className="dim" role="status">
        {underWay > 0 && t("operations.replaying", { count: underWay })}
      </p>
      <ul className="letters">
        {letters?.map((letter) => (
          <li key={letter.number}>
            <details>
              <summary>
                <Moment at={letter.received_at} /> <code>{letter.topic}</code>{" "}
                <span className="mark warn">
                  {t(`operations.reasons.${letter.reason}`, { defaultValue: letter.reason })}
                </span>{" "}
                {letter.asked_at && <span className="mark">{t("operations.asked")}</span>}
              </summary>
              <p>{letter.detail}</p>
              {letter.replayed_at && (
                <p className="dim">
                  {t("operations.refusedAgain")} <Moment at={letter.replayed_at} />
                </p>
              )}
              <pre>{letter.payload ?? letter.payload_base64}</pre>
              {mayReplay && canCome(letter) && (
                <Button
                  size="compact-sm"
                  variant="light"
                  disabled={Boolean(letter.asked_at)}
                  onClick={() => replay.mutate({ number: letter.number })}
                >
                  {t("operations.replay")}
                </Button>
              )}
            </details>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** A contradiction can't be mended. */
const canCome = (letter: DeadLetter) => letter.reason !== "equivocation";

const LOOK_EVERY_MS = 1_000;
const LOOKS_MAX = 30;

/** Looks again each second while something is under way: admission answers at once where it runs, and is left alone where not. */
function useAnswers(underWay: number, look: () => void) {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    if (underWay === 0) return;
    let looks = 0;
    const timer = setInterval(() => {
      looks += 1;
      if (looks > LOOKS_MAX) clearInterval(timer);
      else latest.current();
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [underWay]);
}

/** A change before it is made: when, what it adds to the ways, whether the promise holds, and what speaks against it. */
import { Skeleton, Stack, Textarea, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { type Aim, type Carried, useChangeVisit, useWeighed } from "../api/board";
import { Dialog, DialogEnd } from "../app/Dialog";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { clockIn, momentIn, shortDay } from "../words/days";
import { signed } from "./JobPanel";

interface ChangeDialogProps {
  carried: Carried;
  aim: Aim;
  zone: string;
  onClose: (isDone: boolean) => void;
}

export function ChangeDialog({ carried, aim, zone, onClose }: ChangeDialogProps) {
  const { t, language } = useWords();
  const [start, setStart] = useState(aim.start);
  const [override, setOverride] = useState("");
  const weighed = useWeighed(carried, { ...aim, start });
  const change = useChangeVisit();
  const found = weighed.data;
  const isAgainst = found !== undefined && found.against.length > 0;
  const isReady =
    found?.start != null && !found.is_never && (!isAgainst || override.trim() !== "") && !weighed.isFetching;
  const sender = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isReady && !isAgainst && start === aim.start) sender.current?.focus();
  }, [isReady]);
  const send = () => {
    if (!isReady || !found?.start) return;
    const words = { carried, technician: aim.technician, start: found.start, override: override.trim() };
    change.mutate(words, { onSuccess: () => onClose(true) });
  };
  return (
    <Dialog
      opened
      onClose={() => onClose(false)}
      title={t(carried.visit ? "board.moveTitle" : "board.bookTitle", {
        numbers: carried.numbers.map((one) => `#${one}`).join(" "),
      })}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Stack gap="sm">
          {!found && !weighed.isError && <Skeleton height={90} />}
          <CallFailed error={weighed.error} />
          {found && (
            <>
              <p className="strong">
                {found.technician} · {shortDay(aim.day, language)}
                {found.start && found.end && ` · ${clockIn(found.start, zone)}–${clockIn(found.end, zone)}`}
              </p>
              <TextInput
                type="time"
                label={t("board.startsAt", { zone })}
                value={found.start ? clockIn(found.start, zone) : ""}
                onChange={(event) =>
                  event.currentTarget.value && setStart(momentIn(zone, aim.day, event.currentTarget.value))
                }
              />
              <ul className="board-costs">
                <li>
                  {found.added_travel_min === null
                    ? t("board.costUnknown")
                    : t("board.cost", { signed: signed(found.added_travel_min) })}
                </li>
                <li>{t("board.alreadyThere", { count: found.visits_that_day })}</li>
                {found.is_promise_kept !== null && (
                  <li className={found.is_promise_kept ? "good-text" : "bad-text"}>
                    {t(found.is_promise_kept ? "board.promiseKept" : "board.promiseBroken")}
                  </li>
                )}
                {found.is_before_due !== null && (
                  <li className={found.is_before_due ? undefined : "bad-text"}>
                    {t(found.is_before_due ? "board.beforeDue" : "board.afterDue")}
                  </li>
                )}
              </ul>
              {isAgainst && (
                <div role="alert">
                  <p className="bad-text">{t("board.against")}</p>
                  <ul className="board-costs">
                    {found.against.map((one) => (
                      <li key={one}>{t(`board.hindrances.${one}`)}</li>
                    ))}
                  </ul>
                </div>
              )}
              {found.is_never && <p className="bad-text">{t("board.never")}</p>}
              {!found.start && !found.is_never && <p>{t("board.chooseTime")}</p>}
              {isAgainst && !found.is_never && (
                <Textarea
                  label={t("board.override")}
                  value={override}
                  maxLength={1000}
                  autosize
                  minRows={2}
                  onChange={(event) => setOverride(event.currentTarget.value)}
                />
              )}
            </>
          )}
          <CallFailed error={change.error} />
          <DialogEnd
            onCancel={() => onClose(false)}
            label={t(carried.visit ? "board.move" : "board.book")}
            isBusy={change.isPending}
            isReady={isReady}
            sender={sender}
          />
        </Stack>
      </form>
    </Dialog>
  );
}

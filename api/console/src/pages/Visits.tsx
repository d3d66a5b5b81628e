/** One's own visits today, phone first: where to, what to check, and the record; it works on without network. */
import { Button, Skeleton } from "@mantine/core";
import { IconCalendarUser, IconCloudOff } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";

import { useAccount } from "../api/account";
import { takeStep } from "../api/tickets";
import { sendStep, useOwnDay } from "../api/visits";
import { CallFailed, Failed, Notice } from "../app/Notice";
import { useWords } from "../i18n";
import { Outbox, type Waiting } from "../visits/outbox";
import { VisitCard } from "../visits/VisitCard";
import "../visits/visits.css";
import { shortDay } from "../words/days";

const AGAIN_MS = 20_000;

export function Visits() {
  const account = useAccount();
  return account.data ? <OwnDay key={account.data.name} account={account.data.name} /> : <Skeleton height={300} />;
}

function OwnDay({ account }: { account: string }) {
  const { t, language } = useWords();
  const client = useQueryClient();
  const own = useOwnDay(language);
  const outbox = Outbox.of(account, sendStep);
  const waiting = useSyncExternalStore(outbox.subscribe, outbox.items);
  const flush = () =>
    void outbox.flush().then((isNews) => {
      if (isNews) void client.invalidateQueries({ queryKey: ["visits"] });
    });
  useEffect(() => {
    if ("serviceWorker" in navigator) {
      void navigator.serviceWorker.register("/visits-worker.js", { scope: "/visits" }).catch(() => undefined);
    }
    flush();
    window.addEventListener("online", flush);
    const timer = window.setInterval(flush, AGAIN_MS);
    return () => {
      window.removeEventListener("online", flush);
      window.clearInterval(timer);
    };
  }, []);
  if (own.isError && !own.data) return <Failed error={own.error} again={() => void own.refetch()} />;
  if (!own.data) return <Skeleton height={300} />;
  const { visits, technician, day, time_zone } = own.data;
  const late = waiting.filter((one) => one.refused === undefined);
  return (
    <div className="sheet own-visits">
      <div className="sheet-head">
        <h1>{t("visits.title", { day: shortDay(day, language) })}</h1>
        <span className="dim">{technician}</span>
      </div>
      {late.length > 0 && (
        <p className="banner" role="status">
          <IconCloudOff size={16} aria-hidden /> {t("visits.notSent", { count: late.length })}
        </p>
      )}
      {waiting
        .filter((one) => one.refused !== undefined)
        .map((one) => (
          <Refused key={`${one.visit}${one.step}`} one={one} onDrop={() => outbox.drop(one)} />
        ))}
      {visits.length === 0 && (
        <Notice
          level={2}
          icon={<IconCalendarUser size={36} />}
          title={t(technician ? "visits.none" : "visits.nobody")}
          text={t(technician ? "visits.noneText" : "visits.nobodyText")}
        />
      )}
      {visits.map((one) => (
        <VisitCard
          key={one.visit.id}
          own={one}
          account={account}
          zone={time_zone}
          state={outbox.stateOf(one.visit.id, one.visit.status)}
          onStep={(step, body) => {
            outbox.add({ visit: one.visit.id, number: one.works[0]?.number ?? 0, step, body });
            flush();
          }}
        />
      ))}
    </div>
  );
}

/** A step that the service did not take: why, what it held, and a place for it that is not lost. */
function Refused({ one, onDrop }: { one: Waiting; onDrop: () => void }) {
  const { t } = useWords();
  const words = [one.body.work, one.body.note, one.body.signed_by].filter(Boolean).join(" · ");
  const [failure, fail] = useState<unknown>(null);
  const writeDown = () =>
    takeStep(one.number, { step: "comment", body: { text: `${one.step} ${one.body.at ?? ""} ${words}`.trim() } }).then(
      onDrop,
      fail,
    );
  return (
    <section className="card" role="alert">
      <p className="bad-text">{t("visits.refused", { step: t(`visits.steps.${one.step}`), number: one.number })}</p>
      <q>{one.refused}</q>
      {words && <q>{words}</q>}
      <CallFailed error={failure} />
      <div className="visit-steps">
        {words && (
          <Button size="xs" onClick={() => void writeDown()}>
            {t("visits.writeDown")}
          </Button>
        )}
        <Button size="xs" variant="default" onClick={onDrop}>
          {t("visits.putAway")}
        </Button>
      </div>
    </section>
  );
}

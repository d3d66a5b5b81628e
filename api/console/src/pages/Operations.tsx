/** Is Fettle itself well: what keeps it from its work, how far each part is, what was not taken in, not told, not heard. */
import { Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { Link } from "react-router";

import { useAccount } from "../api/account";
import { useOperations } from "../api/operations";
import { mayDo } from "../api/roles";
import { Card, Listing } from "../app/Listing";
import { Failed } from "../app/Notice";
import { useWords } from "../i18n";
import { DeadLetters } from "../operations/DeadLetters";
import { byLabel, type Figure, figureOf, READERS } from "../operations/figures";
import { Parked } from "../operations/Parked";
import { Unread } from "../operations/Unread";
import { formatBytes, formatNumber, formatSpan } from "../words/format";

export function Operations() {
  const { t, language } = useWords();
  const role = useAccount().data?.role;
  const found = useOperations();
  if (found.isError && !found.data) return <Failed error={found.error} again={() => void found.refetch()} />;
  const said = found.data;
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("operations.title")}</h1>
        {said && (
          <span className={`mark ${said.ready ? "good" : "bad"}`}>
            {said.ready ? <IconCircleCheck size={13} aria-hidden /> : <IconAlertTriangle size={13} aria-hidden />}
            {t(said.ready ? "operations.ready" : "operations.notReady")}
          </span>
        )}
      </div>
      {!said && <Skeleton height={400} />}
      {said && said.reasons.length > 0 && (
        <ul className="card reasons">
          {said.reasons.map((reason) => (
            <Waits key={reason} reason={reason} />
          ))}
        </ul>
      )}
      {said && (
        <>
          <div className="tiles">
            <Progress figures={said.figures} />
            <Parts figures={said.figures} about={said.about} />
          </div>
          <DeadLetters />
          <Card id="gaps" title={t("operations.gaps")}>
            <Listing
              name={t("operations.gaps")}
              columns={["appliance", "boot", "gap", "stored", "refused"].map((one) => t(`operations.columns.${one}`))}
              empty={t("operations.noGaps")}
              rows={said.gaps.map((one) => ({
                key: `${one.appliance_id} ${one.boot}`,
                cells: [
                  <Link key="l" to={`/appliances/${encodeURIComponent(one.appliance_id)}`}>
                    {one.appliance_id}
                  </Link>,
                  <code key="b">{one.boot}</code>,
                  formatNumber(one.gap, language),
                  formatNumber(one.stored, language),
                  formatNumber(one.dead_lettered, language),
                ],
              }))}
            />
          </Card>
          <Unread />
          {mayDo(role, "dispatcher") && <Parked />}
          <details className="card">
            <summary>{t("operations.all")}</summary>
            <Listing
              name={t("operations.all")}
              columns={["figure", "value"].map((one) => t(`operations.columns.${one}`))}
              empty={t("none")}
              rows={said.figures.map((one) => ({
                key: one.name + JSON.stringify(one.labels),
                cells: [
                  <code key="n">{[one.name, ...Object.values(one.labels)].join(" ")}</code>,
                  formatNumber(one.value, language),
                ],
              }))}
            />
          </details>
        </>
      )}
    </div>
  );
}

/** What a reason means for whoever reads it, and below it in the service's own words. */
function Waits({ reason }: { reason: string }) {
  const { t } = useWords();
  const part = reason
    .split(": ", 1)[0]
    ?.replace(/ waits$/, "")
    .replace(" ", "_");
  const meaning = t(`operations.waits.${part}`, { defaultValue: "" });
  return (
    <li>
      {meaning && <p>{meaning}</p>}
      <span className={meaning && "dim"}>{reason}</span>
    </li>
  );
}

/** How many messages each reader of the journal has before it. */
function Progress({ figures }: { figures: Figure[] }) {
  const { t, language } = useWords();
  return (
    <Card id="progress" title={t("operations.progress")}>
      <dl className="pairs">
        {READERS.map((reader) => {
          const behind = figureOf(figures, "fettle_cursor_lag_messages", reader);
          const seconds = figureOf(figures, "fettle_cursor_lag_seconds", reader);
          return (
            <div key={reader}>
              <dt>{t(`operations.readers.${reader}`)}</dt>
              <dd>
                {behind === null
                  ? t("operations.unknown")
                  : behind === 0
                    ? t("operations.caughtUp")
                    : t("operations.behind", { count: Math.round(behind), number: formatNumber(behind, language) })}
                {behind !== null && behind > 0 && seconds !== null && seconds >= 1 && (
                  <> · {t("operations.sinceWhen", { span: formatSpan(seconds * 1000, language) })}</>
                )}
              </dd>
            </div>
          );
        })}
        <Pair name="unacknowledged" value={figureOf(figures, "fettle_messages_unacknowledged")} />
        <Pair name="received" value={figureOf(figures, "fettle_messages_received_total")} />
        <Pair name="readings" value={figureOf(figures, "fettle_readings_stored_total")} />
        <Pair name="late" value={figureOf(figures, "fettle_late_samples_total")} />
        <Pair name="tickets" value={figureOf(figures, "fettle_tickets_open")} />
      </dl>
    </Card>
  );
}

interface PartsProps {
  figures: Figure[];
  about: { broker: string; journal: string; store: string; database: string; data_bytes: number };
}

/** What it stands on, and how that is. */
function Parts({ figures, about }: PartsProps) {
  const { t, language } = useWords();
  const connected = figureOf(figures, "fettle_broker_connected");
  const storeErrors = byLabel(figures, "fettle_store_errors_total").reduce((sum, [, count]) => sum + count, 0);
  const journalErrors = figureOf(figures, "fettle_journal_errors_total") ?? 0;
  const bytes = figureOf(figures, "fettle_journal_bytes");
  const state = (good: boolean, words: string) => <span className={good ? "good-text" : "bad-text"}>{words}</span>;
  const errors = (count: number) =>
    state(count === 0, count === 0 ? t("operations.noErrors") : t("operations.errors", { count }));
  return (
    <Card id="parts" title={t("operations.parts")}>
      <dl className="pairs">
        <div>
          <dt>{t("operations.broker")}</dt>
          <dd>
            {about.broker} ·{" "}
            {connected === null
              ? t("operations.unknown")
              : state(connected === 1, t(connected === 1 ? "operations.connected" : "operations.away"))}
          </dd>
        </div>
        <div>
          <dt>{t("operations.journal")}</dt>
          <dd>
            {t(`operations.embedded.${about.journal}`, { defaultValue: about.journal })}
            {bytes !== null && ` · ${formatBytes(bytes, language)}`} · {errors(journalErrors)}
          </dd>
        </div>
        <div>
          <dt>{t("operations.store")}</dt>
          <dd>
            {t(`operations.embedded.${about.store}`, { defaultValue: about.store })} · {errors(storeErrors)}
          </dd>
        </div>
        <div>
          <dt>{t("operations.database")}</dt>
          <dd>{about.database}</dd>
        </div>
        <div>
          <dt>{t("operations.dataSize")}</dt>
          <dd>{formatBytes(about.data_bytes, language)}</dd>
        </div>
        <div>
          <dt>{t("operations.roles")}</dt>
          <dd>
            {byLabel(figures, "fettle_role_up")
              .map(([role]) => t(`operations.roleNames.${role}`, { defaultValue: role }))
              .join(" · ")}
          </dd>
        </div>
        <div>
          <dt>{t("operations.silent")}</dt>
          <dd>
            <Link to="/appliances?availability=stale">{t("operations.showSilent")}</Link>
          </dd>
        </div>
      </dl>
    </Card>
  );
}

function Pair({ name, value }: { name: string; value: number | null }) {
  const { t, language } = useWords();
  if (value === null) return null;
  return (
    <div>
      <dt>{t(`operations.${name}`)}</dt>
      <dd>{formatNumber(value, language)}</dd>
    </div>
  );
}

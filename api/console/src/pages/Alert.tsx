/** One alert: what was seen, against what is expected here, what was decided, and what happened to it. */
import { Skeleton } from "@mantine/core";
import { Link, useNavigate, useParams } from "react-router";

import { useAlert } from "../api/alerts";
import type { Alert, Evidence } from "../api/types";
import { AlertMark, Decision } from "../alerting/AlertList";
import { PackLink } from "../ticket/PackLink";
import { useActions } from "../app/keys";
import { Card, Listing } from "../app/Listing";
import { Failed } from "../app/Notice";
import { useTitle } from "../app/title";
import { useWords } from "../i18n";
import { formatQuantity, formatShare, plainName } from "../words/format";
import { Moment } from "../words/Moment";
import { alertTitle, bandText, useNames } from "../words/names";

export function AlertPage() {
  const { t } = useWords();
  const { id = "" } = useParams();
  const navigate = useNavigate();
  const found = useAlert(id);
  useActions([{ label: t("keys.back"), keys: ["Escape"], act: () => void navigate("/alerts") }]);
  if (found.data) return <Whole alert={found.data} />;
  if (found.isError) {
    return <Failed error={found.error} again={() => void found.refetch()} missing={t("alerts.missing")} />;
  }
  return <Skeleton height={400} className="sheet" />;
}

function Whole({ alert }: { alert: Alert }) {
  const { t, language } = useWords();
  const names = useNames();
  const fault = alertTitle(alert, names, t);
  useTitle(`${fault} ${alert.appliance_id}`);
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{fault}</h1>
        <AlertMark state={alert.state} />
        <Link to={`/appliances/${encodeURIComponent(alert.appliance_id)}`}>{alert.appliance_id}</Link>
        <span className="dim">
          {names.kind(alert.kind)} · {names.component(alert.component)}
        </span>
      </div>
      <p className="state">
        <Decision alert={alert} />
      </p>
      <div className="tiles">
        <Card id="evidence" title={t("ticket.why")}>
          <EvidenceList kind={alert.kind} items={alert.evidence} />
          <PackLink applianceId={alert.appliance_id} alertId={alert.id} />
        </Card>
        <Card id="figures" title={t("alerts.figures")}>
          <dl className="pairs">
            <Pair name={t("alerts.columns.severity")}>{formatShare(alert.severity, language)}</Pair>
            <Pair name={t("alerts.columns.sure")}>{formatShare(alert.probability, language)}</Pair>
            <Pair name={t("ticket.onset")}>
              <Moment at={alert.onset_at} />
            </Pair>
            <Pair name={t("ticket.raised")}>
              <Moment at={alert.raised_at} />
            </Pair>
            {alert.failure_window && (
              <Pair name={t("ticket.window")}>
                <Moment at={alert.failure_window.from} as="day" /> – <Moment at={alert.failure_window.to} as="day" />
              </Pair>
            )}
            {alert.error_code && <Pair name={t("events.error_code")}>{alert.error_code}</Pair>}
            {alert.alternatives.map((one) => (
              <Pair key={one.fault_mode} name={names.fault(alert.kind, one.fault_mode)}>
                {formatShare(one.probability, language)}
              </Pair>
            ))}
          </dl>
        </Card>
      </div>
      <Card id="history" title={t("ticket.timeline")}>
        <ol className="timeline">
          {[...alert.history].reverse().map((entry, index) => (
            <li key={alert.history.length - index}>
              <Moment at={entry.at} />
              <b>{t(`alerts.events.${entry.event}`, { defaultValue: plainName(entry.event) })}</b>
            </li>
          ))}
        </ol>
      </Card>
    </div>
  );
}

function Pair({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function EvidenceList({ kind, items }: { kind: string; items: Evidence[] }) {
  const { t, language } = useWords();
  const names = useNames();
  return (
    <Listing
      name={t("ticket.why")}
      columns={["metric", "observed", "expected", "share"].map((one) => t(`alerts.evidence.${one}`))}
      empty={t("none")}
      rows={items.map((one) => ({
        key: one.metric,
        cells: [
          names.metric(kind, one.metric),
          one.observed === null ? t("none") : formatQuantity(one.observed, one.unit, language),
          bandText(one.expected_low, one.expected_high, one.unit, language) ?? t("none"),
          formatShare(one.share, language),
        ],
      }))}
    />
  );
}

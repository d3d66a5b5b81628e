/** Alerts as rows: what, where, since when, and what was decided and why. */
import { Link } from "react-router";

import { type AlertFilters, useAlertPages } from "../api/alerts";
import type { Alert, AlertState } from "../api/types";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { formatShare } from "../words/format";
import { Moment } from "../words/Moment";
import { alertTitle, useNames } from "../words/names";

export function AlertList({ filters, empty }: { filters: AlertFilters; empty: React.ReactNode }) {
  const { t, language } = useWords();
  const names = useNames();
  return (
    <Paged
      name={t("nav.alerts")}
      pages={useAlertPages(filters)}
      columns={["fault", "appliance", "state", "decision", "severity", "sure", "since"].map((one) =>
        t(`alerts.columns.${one}`),
      )}
      empty={empty}
      row={(alert) => ({
        key: alert.id,
        cells: [
          <Link key="f" className="strong" to={`/alerts/${alert.id}`}>
            {alertTitle(alert, names, t)}
          </Link>,
          <span key="a">
            <Link to={`/appliances/${encodeURIComponent(alert.appliance_id)}`}>{alert.appliance_id}</Link>{" "}
            <span className="dim">{names.kind(alert.kind)}</span>
          </span>,
          <AlertMark key="s" state={alert.state} />,
          <Decision key="d" alert={alert} />,
          formatShare(alert.severity, language),
          formatShare(alert.probability, language),
          <Moment key="t" at={alert.raised_at} as="ago" />,
        ],
      })}
    />
  );
}

const TONES: Record<AlertState, string> = { firing: "bad", pending: "warn", resolved: "calm" };

export function AlertMark({ state }: { state: AlertState }) {
  const { t } = useWords();
  return <span className={`mark ${TONES[state]}`}>{t(`alerts.states.${state}`)}</span>;
}

/** What became of it, with its ticket where it has one. */
export function Decision({ alert }: { alert: Alert }) {
  const { t, language } = useWords();
  return (
    <span>
      {alert.reason_label[language] ?? alert.reason_label.en ?? alert.reason}{" "}
      {alert.ticket_id && <Link to={`/tickets/${alert.ticket_id}`}>{t("alerts.ticket")}</Link>}
    </span>
  );
}

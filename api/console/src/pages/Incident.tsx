/** One incident: its presumed cause, who is part of it, and which alerts it holds back or explains. */
import { Skeleton } from "@mantine/core";
import { Link, useNavigate, useParams } from "react-router";

import { useIncident } from "../api/alerts";
import type { Incident as Many } from "../api/types";
import { AlertList } from "../alerting/AlertList";
import { Extent, IncidentMark } from "../alerting/Extent";
import { useActions } from "../app/keys";
import { Card } from "../app/Listing";
import { Failed } from "../app/Notice";
import { useTitle } from "../app/title";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { Moment } from "../words/Moment";

export function Incident() {
  const { t } = useWords();
  const { key = "" } = useParams();
  const navigate = useNavigate();
  const found = useIncident(key);
  useActions([{ label: t("keys.back"), keys: ["Escape"], act: () => void navigate("/incidents") }]);
  if (found.data) return <Whole incident={found.data} />;
  if (found.isError) {
    const missing = t("incidents.missing", { number: key });
    return <Failed error={found.error} again={() => void found.refetch()} missing={missing} />;
  }
  return <Skeleton height={400} className="sheet" />;
}

function Whole({ incident }: { incident: Many }) {
  const { t, language } = useWords();
  useTitle(`#${incident.number} ${incident.cause}`);
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>
          #{incident.number} {incident.cause}
        </h1>
        <IncidentMark state={incident.state} />
      </div>
      <p className="state">
        {t(`incidents.effect.${incident.kind}`)} <Extent incident={incident} />
      </p>
      <Card id="facts" title={t("incidents.facts")}>
        <dl className="pairs">
          <Fact name="kind">{t(`incidents.kinds.${incident.kind}`)}</Fact>
          {incident.scope && <Fact name="scope">{incident.scope}</Fact>}
          <Fact name="since">
            <Moment at={incident.since} />
          </Fact>
          <Fact name="opened">
            <Moment at={incident.opened_at} />
          </Fact>
          {incident.closed_at && (
            <Fact name="closed">
              <Moment at={incident.closed_at} />
            </Fact>
          )}
          <Fact name="peak">{formatNumber(incident.peak, language)}</Fact>
        </dl>
      </Card>
      <h2 className="card-heading">{t("incidents.behind")}</h2>
      <AlertList filters={{ incident_id: incident.id }} empty={<p className="dim">{t("incidents.noAlerts")}</p>} />
      <Card id="members" title={t("incidents.members", { count: incident.appliances.length })}>
        <ul className="chips flat">
          {incident.appliances.map((id) => (
            <li key={id}>
              <Link className="chip" to={`/appliances/${encodeURIComponent(id)}`}>
                {id}
              </Link>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  const { t } = useWords();
  return (
    <div>
      <dt>{t(`incidents.columns.${name}`)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

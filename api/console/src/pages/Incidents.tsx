/** Is this one home or many: what appliances have in common that show the same at the same time. */
import { IconTopologyStar3 } from "@tabler/icons-react";
import { Link } from "react-router";

import { useIncidentPages } from "../api/alerts";
import type { IncidentState } from "../api/types";
import { Extent, IncidentMark } from "../alerting/Extent";
import { Family } from "../alerting/Family";
import { Choice, useChosen } from "../app/Choice";
import { Notice } from "../app/Notice";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";

export function Incidents() {
  const { t } = useWords();
  const states = ["open", "closed", "all"].map(
    (state) => [state, t(state === "all" ? "all" : `incidents.states.${state}`)] as [string, string],
  );
  const state = useChosen("state", states, "open");
  const pages = useIncidentPages(state === "all" ? null : (state as IncidentState));
  return (
    <div className="sheet">
      <Family title={t("nav.incidents")} />
      <Choice name="state" label={t("alerts.columns.state")} values={states} start="open" />
      <Paged
        name={t("nav.incidents")}
        pages={pages}
        columns={["cause", "kind", "state", "extent", "since"].map((one) => t(`incidents.columns.${one}`))}
        empty={
          <Notice
            level={2}
            icon={<IconTopologyStar3 size={36} />}
            title={t(state === "open" ? "incidents.none" : "incidents.noMatch")}
            text={t("incidents.noneText")}
          />
        }
        row={(incident) => ({
          key: incident.id,
          cells: [
            <Link key="c" className="strong" to={`/incidents/${incident.number}`}>
              #{incident.number} {incident.cause}
            </Link>,
            t(`incidents.kinds.${incident.kind}`),
            <IncidentMark key="s" state={incident.state} />,
            <Extent key="e" incident={incident} />,
            <Moment key="t" at={incident.since} as="ago" />,
          ],
        })}
      />
    </div>
  );
}

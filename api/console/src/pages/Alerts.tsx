/** What the detectors and rules hold for wrong now, with what became of each. */
import { IconBellCheck } from "@tabler/icons-react";
import { useSearchParams } from "react-router";

import type { AlertState } from "../api/types";
import { AlertList } from "../alerting/AlertList";
import { Family } from "../alerting/Family";
import { Choice, useChosen } from "../app/Choice";
import { Notice } from "../app/Notice";
import { SearchField } from "../app/SearchField";
import { useWords } from "../i18n";

export function Alerts() {
  const { t } = useWords();
  const [search] = useSearchParams();
  const states = ["firing", "pending", "resolved", "all"].map(
    (state) => [state, t(state === "all" ? "all" : `alerts.states.${state}`)] as [string, string],
  );
  const state = useChosen("state", states, "firing");
  const kinds = ["all", "appliance", "data"].map(
    (about) => [about, t(about === "all" ? "all" : `alerts.about.${about}`)] as [string, string],
  );
  const about = useChosen("about", kinds, "all");
  const appliance_id = search.get("appliance") || null;
  return (
    <div className="sheet">
      <Family title={t("nav.alerts")} />
      <div className="sheet-head">
        <Choice name="state" label={t("alerts.columns.state")} values={states} start="firing" />
        <Choice name="about" label={t("alerts.columns.about")} values={kinds} start="all" />
        <SearchField name="appliance" label={t("alerts.filter")} />
      </div>
      <AlertList
        filters={{
          state: state === "all" ? null : (state as AlertState),
          appliance_id,
          about: about === "all" ? null : (about as "appliance" | "data"),
        }}
        empty={
          <Notice
            level={2}
            icon={<IconBellCheck size={36} />}
            title={t(state === "firing" && !appliance_id ? "alerts.none" : "alerts.noMatch")}
            text={t("alerts.noneText")}
          />
        }
      />
    </div>
  );
}

/** What is known of each kind: its metrics, features and fault modes, to read. */
import { useProfiles } from "../api/appliances";
import type { Profile } from "../api/types";
import { Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { useNames } from "../words/names";

export function Profiles() {
  const { language } = useWords();
  const profiles = useProfiles(language).data?.items ?? [];
  return profiles.map((profile) => <One key={profile.kind} profile={profile} />);
}

function One({ profile }: { profile: Profile }) {
  const { t, language } = useWords();
  const names = useNames();
  const { fault_modes, metrics, features } = profile;
  return (
    <details className="card">
      <summary>
        <b>{names.kind(profile.kind)}</b>{" "}
        <span className="dim">
          {t("settings.counts", { faults: fault_modes.length, metrics: metrics.length, features: features.length })}
        </span>
      </summary>
      <h2 className="card-heading">{t("settings.faults")}</h2>
      <Listing
        name={`${names.kind(profile.kind)} ${t("settings.faults")}`}
        columns={["fault", "component", "code"].map((one) => t(`settings.columns.${one}`))}
        empty={t("none")}
        rows={fault_modes.map((one) => ({
          key: one.name,
          cells: [one.title ?? one.name, names.component(one.component), <code key="c">{one.name}</code>],
        }))}
      />
      <h2 className="card-heading">{t("appliance.metrics")}</h2>
      <Listing
        name={`${names.kind(profile.kind)} ${t("appliance.metrics")}`}
        columns={["metric", "unit", "range", "code"].map((one) => t(`settings.columns.${one}`))}
        empty={t("none")}
        rows={metrics.map((one) => ({
          key: one.name,
          cells: [
            one.label,
            one.unit,
            `${formatNumber(one.low, language)} – ${formatNumber(one.high, language)}`,
            <code key="c">{one.name}</code>,
          ],
        }))}
      />
    </details>
  );
}

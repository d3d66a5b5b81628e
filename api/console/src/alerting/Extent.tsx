/** How many of those who could be are part of an incident: the share, its interval, and how it is elsewhere. */
import type { Incident } from "../api/types";
import { useWords } from "../i18n";
import { formatNumber, formatShare } from "../words/format";

export function Extent({ incident }: { incident: Incident }) {
  const { t, language } = useWords();
  const share = (value: number) => formatShare(value, language);
  return (
    <span>
      <b>
        {t("incidents.of", {
          affected: formatNumber(incident.affected, language),
          exposed: formatNumber(incident.exposed, language),
        })}
      </b>{" "}
      <span className="dim">
        {t("incidents.interval", { low: share(incident.low), high: share(incident.high) })}
        {incident.elsewhere !== null && t("incidents.elsewhere", { share: share(incident.elsewhere) })}
      </span>
    </span>
  );
}

export function IncidentMark({ state }: { state: Incident["state"] }) {
  const { t } = useWords();
  return <span className={`mark ${state === "open" ? "bad" : "calm"}`}>{t(`incidents.states.${state}`)}</span>;
}

import { useWords } from "../i18n";

/** All that speaks for an alert and against it, as a file: for whoever wants to check it, or to keep it with the case. */
export function PackLink({ applianceId, alertId }: { applianceId: string; alertId: string }) {
  const { t } = useWords();
  const path = `/api/v1/appliances/${encodeURIComponent(applianceId)}/evidence/${encodeURIComponent(alertId)}`;
  return (
    <p className="dim">
      <a href={path} download={`evidence-${alertId}.json`}>
        {t("ticket.pack")}
      </a>
    </p>
  );
}

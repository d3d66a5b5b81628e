/** Who did what, newest first, and whether the record is whole. */
import { Button } from "@mantine/core";

import { useAudit, useAuditVerdict } from "../api/settings";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";

export function AuditList() {
  const { t } = useWords();
  const entries = useAudit(true).data?.items ?? [];
  const verdict = useAuditVerdict();
  return (
    <Card
      id="audit"
      title={
        <>
          {t("settings.tabs.audit")}
          <span role="status" className={verdict.data?.is_whole ? "good-text" : "bad-text"}>
            {verdict.data &&
              t(verdict.data.is_whole ? "settings.whole" : "settings.broken", {
                number: verdict.data.first_bad ?? "",
              })}
          </span>
          <Button size="xs" className="push" loading={verdict.isPending} onClick={() => verdict.mutate()}>
            {t("settings.verify")}
          </Button>
        </>
      }
    >
      <Listing
        name={t("settings.tabs.audit")}
        columns={["at", "who", "did", "subject", "data"].map((one) => t(`settings.columns.${one}`))}
        empty={t("settings.noAudit")}
        rows={entries.map((one) => ({
          key: one.number,
          cells: [
            <Moment key="t" at={one.at} />,
            one.actor,
            <code key="a">{one.action}</code>,
            <code key="s">{one.subject_id}</code>,
            <code key="d" className="data">
              {Object.keys(one.data).length > 0 && JSON.stringify(one.data)}
            </code>,
          ],
        }))}
      />
    </Card>
  );
}

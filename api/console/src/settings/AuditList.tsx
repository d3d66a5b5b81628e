/** Who did what, newest first, and whether the record is whole. */
import { Button } from "@mantine/core";

import { useAudit, useAuditVerdict } from "../api/settings";
import { Card, Listing } from "../app/Listing";
import { type Say, useWords } from "../i18n";
import { plainName } from "../words/format";
import { Moment } from "../words/Moment";
import { actorName } from "../words/names";

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
            actorName(one.actor, t),
            <span key="a" title={one.action}>
              {actionName(one.action, t)}
            </span>,
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

/** "Ticket: closed" for ticket.close: what a step of a ticket or a visit is called elsewhere, it is called here. */
function actionName(action: string, t: Say): string {
  const [noun = "", verb = ""] = action.split(".");
  const elsewhere = t(`ticketEvents.${verb}`, {
    defaultValue: t(`ticket.steps.${verb}`, { defaultValue: plainName(verb) }),
  });
  return t("settings.actionOf", {
    noun: t(`settings.audit.nouns.${noun}`, { defaultValue: plainName(noun) }),
    verb: t(`settings.audit.verbs.${verb}`, { defaultValue: elsewhere }),
  });
}

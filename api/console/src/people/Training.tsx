/** What comes back of a person's repairs more often than of everybody else's: the person first, managers two weeks later. */
import { useTraining } from "../api/crew";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatShare } from "../words/format";
import { useNames } from "../words/names";

export function Training({ isOwn }: { isOwn: boolean }) {
  const { t, language } = useWords();
  const names = useNames();
  const needs = useTraining(isOwn).data?.items ?? [];
  return (
    <Card id="training" title={t(isOwn ? "people.ownTraining" : "people.training")}>
      <p className="dim">{t(isOwn ? "people.ownTrainingHint" : "people.trainingHint")}</p>
      <Listing
        name={t("people.training")}
        columns={["name", "fault", "back", "others", "atLeast"].map((one) => t(`people.columns.${one}`))}
        empty={t("people.noTraining")}
        rows={needs.map((one) => ({
          key: `${one.technician_id}/${one.kind}/${one.fault_mode}`,
          cells: [
            one.technician,
            `${names.kind(one.kind)} · ${names.fault(one.kind, one.fault_mode)}`,
            t("people.ofRepairs", { back: one.came_back, count: one.decided }),
            t("people.ofRepairs", { back: one.others_came_back, count: one.others_decided }),
            formatShare(one.low, language),
          ],
        }))}
      />
    </Card>
  );
}

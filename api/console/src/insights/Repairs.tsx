/** Did repairs hold: how often they came back, whose they were, and which customers are to be called. */
import { Button, Group } from "@mantine/core";
import { Link } from "react-router";

import { type CallAnswer, useAnswerCall, useCalls, useRepairRates } from "../api/insights";
import { Choice, useChosen } from "../app/Choice";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatNumber, formatShare } from "../words/format";
import { useNames } from "../words/names";

const GROUPS = ["technician", "part", "provider", "fault_mode", "model"];
const ANSWERS: CallAnswer[] = ["held", "came_back", "not_reached"];

export function Repairs({ period }: { period: string }) {
  const { t, language } = useWords();
  const groups = GROUPS.map((one) => [one, t(`insights.repairs.groups.${one}`)] as [string, string]);
  const by = useChosen("repairs", groups, "technician");
  const rates = useRepairRates(by, period).data?.items;
  if (!rates) return null;
  const share = (value: number) => formatShare(value, language);
  return (
    <Card id="repairs" title={t("insights.repairs.title")}>
      <p className="dim">
        {t("insights.repairs.text")} <a href="/api/v1/repairs.csv">{t("insights.repairs.export")}</a>
      </p>
      <Choice name="repairs" label={t("insights.repairs.by")} values={groups} start="technician" />
      <Listing
        name={t("insights.repairs.title")}
        columns={["name", "count", "held", "cameBack", "undecided", "share"].map((one) => t(`insights.repairs.${one}`))}
        empty={t("insights.repairs.none")}
        rows={rates.map((one) => ({
          key: one.key,
          cells: [
            one.name,
            ...[one.repairs, one.held, one.came_back, one.undecided].map((count) => formatNumber(count, language)),
            one.share === null ? t("insights.notYet") : `${share(one.share)} (${share(one.low)}–${share(one.high)})`,
          ],
        }))}
      />
      <Calls />
    </Card>
  );
}

function Calls() {
  const { t } = useWords();
  const names = useNames();
  const calls = useCalls().data?.items ?? [];
  const answer = useAnswerCall();
  return (
    <>
      <h3 className="card-title apart">{t("insights.repairs.calls")}</h3>
      <Listing
        name={t("insights.repairs.calls")}
        columns={["ticket", "fault", "why", "said"].map((one) => t(`insights.repairs.${one}`))}
        empty={t("insights.repairs.noCalls")}
        rows={calls.map((one) => ({
          key: one.id,
          cells: [
            <Link key="t" to={`/tickets/${one.number}`}>
              #{one.number}
            </Link>,
            names.fault(one.kind, one.fault_mode),
            t(`insights.repairs.whys.${one.state}`),
            <Group key="a" gap={4}>
              {ANSWERS.map((said) => (
                <Button
                  key={said}
                  size="compact-xs"
                  variant="default"
                  loading={answer.isPending && answer.variables.id === one.id}
                  onClick={() => answer.mutate({ id: one.id, answer: said })}
                >
                  {t(`insights.repairs.answers.${said}`)}
                </Button>
              ))}
            </Group>,
          ],
        }))}
      />
    </>
  );
}

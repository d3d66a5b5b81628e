/** What predictions were worth: a hold-out group beside those that are acted on; and how each fault mode was predicted. */
import { type Span, usePredicted, useReliability, useWorth } from "../api/insights";
import { Choice, useChosen } from "../app/Choice";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatMoney, formatNumber, formatShare } from "../words/format";
import { useNames } from "../words/names";

const COHORTS = ["model", "batch", "firmware", "component", "fault_mode", "region", "kind"];

export function Worth({ at }: { at: string | undefined }) {
  const { t, language } = useWords();
  const found = useWorth(at).data;
  if (!found) return null;
  const number = (value: number | null) =>
    value === null ? t("insights.worth.open") : formatNumber(Math.round(value * 10) / 10, language);
  const money = (value: number | null) =>
    value === null ? t("insights.worth.open") : formatMoney(value, found.currency, language);
  const { avoided, cost_per_avoided: cost } = found;
  const groups = [
    ["actedOn", found.acted_on],
    ["heldOut", found.held_out],
  ] as const;
  return (
    <Card id="worth" title={t("insights.worth.title")}>
      <p className="dim">{t("insights.worth.text")}</p>
      <Listing
        name={t("insights.worth.title")}
        columns={["group", "appliances", "months", "breakdowns", "rate"].map((one) => t(`insights.worth.${one}`))}
        empty=""
        rows={groups.map(([name, one]) => ({
          key: name,
          cells: [
            t(`insights.worth.${name}`),
            formatNumber(one.appliances, language),
            formatNumber(Math.round(one.exposure_months), language),
            formatNumber(one.breakdowns, language),
            one.rate === null ? "–" : `${number(one.rate)} (${number(one.low)}–${number(one.high)})`,
          ],
        }))}
      />
      {avoided && cost ? (
        <p>
          {t("insights.worth.avoided", {
            value: number(avoided.value),
            low: number(avoided.low),
            high: number(avoided.high),
          })}{" "}
          {t("insights.worth.cost", { value: money(cost.value), low: money(cost.low), high: money(cost.high) })}
        </p>
      ) : (
        <p>{t("insights.worth.nobody")}</p>
      )}
    </Card>
  );
}

export function Predicted({ span }: { span: Span }) {
  const { t, language } = useWords();
  const names = useNames();
  const found = usePredicted(span).data?.items;
  if (!found) return null;
  const share = (value: number) => formatShare(value, language);
  return (
    <Card id="predicted" title={t("insights.predicted.title")}>
      <Listing
        name={t("insights.predicted.title")}
        columns={["fault", "judged", "precision", "lead", "inVain", "failedFirst", "unforeseen"].map((one) =>
          t(`insights.predicted.${one}`),
        )}
        empty={t("insights.nothing")}
        rows={found.map((one) => ({
          key: `${one.kind}/${one.fault_mode}`,
          cells: [
            one.fault_mode === "" ? t("insights.predicted.unnamed") : names.fault(one.kind, one.fault_mode),
            formatNumber(one.judged, language),
            one.precision === null ? "–" : `${share(one.precision)} (${share(one.low)}–${share(one.high)})`,
            one.lead_days_median === null ? "–" : formatNumber(one.lead_days_median, language),
            `${formatNumber(one.in_vain, language)} / ${formatNumber(one.visits, language)}`,
            formatNumber(one.failed_first, language),
            formatNumber(one.unforeseen, language),
          ],
        }))}
      />
    </Card>
  );
}

export function Failures({ span }: { span: Span }) {
  const { t, language } = useWords();
  const names = useNames();
  const cohorts = COHORTS.map((one) => [one, t(`insights.failures.by.${one}`)] as [string, string]);
  const by = useChosen("failures", cohorts, "model");
  const found = useReliability(by, span).data;
  if (!found) return null;
  const rate = (value: number | null) => (value === null ? "–" : formatNumber(Math.round(value * 10) / 10, language));
  return (
    <Card id="failures" title={t("insights.failures.title")}>
      <Choice name="failures" label={t("insights.failures.title")} values={cohorts} start="model" />
      <Listing
        name={t("insights.failures.title")}
        columns={["cohort", "appliances", "count", "rate"].map((one) => t(`insights.failures.${one}`))}
        empty={t("insights.nothing")}
        rows={found.cohorts.slice(0, 20).map((one) => ({
          key: `${one.kind}/${one.cohort}`,
          cells: [
            by === "fault_mode" && one.kind ? names.fault(one.kind, one.cohort) : one.cohort,
            formatNumber(one.appliances, language),
            formatNumber(one.failures, language),
            `${rate(one.rate)} (${rate(one.low)}–${rate(one.high)})`,
          ],
        }))}
      />
    </Card>
  );
}

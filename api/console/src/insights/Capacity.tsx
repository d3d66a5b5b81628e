/** The weeks ahead: what they will probably ask for, against what shifts give; peaks are named. */
import { useCapacity } from "../api/insights";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { useNames } from "../words/names";

const MINUTES = ["booked", "waiting", "foreseen", "by_chance", "asked", "likely_at_most", "given"] as const;

export function Capacity() {
  const { t, language } = useWords();
  const names = useNames();
  const weeks = useCapacity();
  if (!weeks) return null;
  const hours = (minutes: number) => formatNumber(Math.round(minutes / 6) / 10, language);
  return (
    <Card id="capacity" title={t("insights.capacity.title")}>
      <p className="dim">{t("insights.capacity.text")}</p>
      <Listing
        name={t("insights.capacity.title")}
        columns={["week", ...MINUTES, "peak"].map((one) => t(`insights.capacity.${one}`))}
        empty={t("insights.capacity.none")}
        rows={weeks.map((week) => ({
          key: week.start,
          cells: [
            new Date(week.start).toLocaleDateString(language),
            ...MINUTES.map((name) => hours(week[name])),
            week.is_peak ? (
              <span key="p" className="mark warn">
                {t("insights.capacity.isPeak", { kind: week.most_by ? names.kind(week.most_by) : "" })}
              </span>
            ) : (
              ""
            ),
          ],
        }))}
      />
    </Card>
  );
}

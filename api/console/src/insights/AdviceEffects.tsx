/** What advice about use has come to: those who followed beside those who did not. */
import { type AdviceEffect, useAdviceEffects } from "../api/care";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { useNames } from "../words/names";

export function AdviceEffects() {
  const { t, language } = useWords();
  const names = useNames();
  const effects = useAdviceEffects(language);
  if (!effects) return null;
  const number = (value: number) => formatNumber(value, language);
  const change = (one: AdviceEffect["change"]) =>
    one ? `${number(one.mean)} (${number(one.low)} – ${number(one.high)})` : t("insights.notYet");
  return (
    <Card id="advice" title={t("care.effects.title")}>
      <p className="dim">
        {t("care.effects.text")} <a href="/api/v1/advice.csv">{t("care.effects.export")}</a>
      </p>
      <Listing
        name={t("care.effects.title")}
        columns={["kind", "advice", "given", "followed", "helped", "change", "changeElse"].map((one) =>
          t(`care.effects.${one}`),
        )}
        empty={t("care.effects.none")}
        rows={effects.map((one) => ({
          key: `${one.kind}.${one.name}`,
          cells: [
            names.kind(one.kind),
            one.title,
            number(one.given),
            number(one.followed),
            number(one.helped),
            change(one.change),
            change(one.change_else),
          ],
        }))}
      />
    </Card>
  );
}

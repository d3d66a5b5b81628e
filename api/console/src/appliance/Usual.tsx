/** What is normal for this appliance, as the detectors have learned it: the newest day or cycle against where nineteen of twenty lie. */
import { Title } from "@mantine/core";

import type { ApplianceDetail, Feature, Metric, Usual } from "../api/types";
import type { Band } from "../chart/layers";
import { useWords } from "../i18n";
import { Bullet } from "../ticket/Bullet";
import { formatQuantity } from "../words/format";
import { bandText, sideOf, useNames } from "../words/names";

/** Statistics whose band is on the scale of the readings. */
const OF_READINGS = new Set(["mean", "on_mean"]);

export function UsualCard({ appliance, usual }: { appliance: ApplianceDetail; usual: Usual[] }) {
  const { t } = useWords();
  const names = useNames();
  if (usual.length === 0) return null;
  const outside = usual.filter((one) => sideOf(seen(one)) !== "inside");
  const inside = usual.filter((one) => sideOf(seen(one)) === "inside");
  const span = names.span(appliance.kind) === "cycle" ? "cycle" : "day";
  const rows = (shown: Usual[]) => (
    <ul className="evidence usual">
      {shown.map((one) => (
        <Row key={one.feature} kind={appliance.kind} usual={one} />
      ))}
    </ul>
  );
  return (
    <section className="card usual-card" aria-labelledby="usual-title">
      <Title order={2} size="h5" id="usual-title" className="card-title">
        {t("appliance.usual")} <span className="dim">{t(`appliance.usualHint.${span}`)}</span>
      </Title>
      {rows(outside)}
      <details className="sound">
        <summary>
          {t(outside.length > 0 ? "appliance.othersUsual" : "appliance.allUsual", { count: inside.length })}
        </summary>
        {rows(inside)}
      </details>
    </section>
  );
}

function Row({ kind, usual }: { kind: string; usual: Usual }) {
  const { t, language } = useWords();
  const names = useNames();
  const side = sideOf(seen(usual));
  return (
    <li className="evidence-row">
      <span className="evidence-name">{names.metric(kind, usual.feature)}</span>
      <Bullet {...seen(usual)} />
      <span className={`evidence-value ${side === "inside" ? "" : "off"}`}>
        {side === "high" ? "↑ " : side === "low" ? "↓ " : ""}
        {usual.newest === null ? t("none") : formatQuantity(usual.newest, usual.unit, language)}
      </span>
      <span className="dim">
        {t("ticket.expected", { band: bandText(usual.low, usual.high, usual.unit, language) })}
      </span>
    </li>
  );
}

/** As evidence is held against its band. */
function seen({ newest, low, high }: Usual) {
  return { observed: newest, expected_low: low, expected_high: high };
}

/** The band of a metric's chart: of a feature that is its mean, while the appliance runs before all of the day. */
export function bandOf(
  metric: Metric,
  usual: Usual[],
  feature: (name: string) => Feature | undefined,
  latest: ApplianceDetail["latest"],
): { band: Band; feature: string } | null {
  const found = usual
    .flatMap((one) => {
      const made = feature(one.feature);
      if (made?.metric !== metric.name || !OF_READINGS.has(made.statistic)) return [];
      const shift = made.minus === null ? 0 : made.minus.endsWith("_set_c") ? latest[made.minus]?.value : undefined;
      return shift === undefined ? [] : [{ one, shift, mode: made.mode }];
    })
    .sort((one, other) => Number(other.mode !== null) - Number(one.mode !== null))[0];
  if (!found) return null;
  const { one, shift } = found;
  return { band: { low: one.low + shift, high: one.high + shift }, feature: one.feature };
}

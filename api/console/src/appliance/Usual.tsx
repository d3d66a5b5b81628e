/** What is normal for this appliance, as the detectors have learned it: the newest day or cycle against where nineteen of twenty lie. */
import { Title } from "@mantine/core";

import type { ApplianceDetail, Usual } from "../api/types";
import { useWords } from "../i18n";
import { Bullet } from "../ticket/Bullet";
import { formatQuantity } from "../words/format";
import { bandText, sideOf, useNames } from "../words/names";

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

/** Is it worth it: the five families of figures over a period, now or at any past moment, and what predictions are worth. */
import { Skeleton } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { Link, useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { type Span, useIndicators } from "../api/insights";
import { mayDo } from "../api/roles";
import { Choice, useChosen } from "../app/Choice";
import { useChange } from "../app/address";
import { Card } from "../app/Listing";
import { Failed, Notice } from "../app/Notice";
import { useWords } from "../i18n";
import { Families } from "../insights/Families";
import { Modes } from "../insights/Modes";
import { Capacity } from "../insights/Capacity";
import { AdviceEffects } from "../insights/AdviceEffects";
import { Repairs } from "../insights/Repairs";
import { WhatIf } from "../insights/WhatIf";
import { Failures, Predicted, Worth } from "../insights/Worth";
import { formatNumber, plainName } from "../words/format";
import { Moment } from "../words/Moment";

const PERIODS = ["week", "month", "quarter", "year"];

export function Insights() {
  const { t } = useWords();
  const account = useAccount().data;
  const periods = PERIODS.map((period) => [period, t(`insights.periods.${period}`)] as [string, string]);
  const period = useChosen("period", periods, "month");
  const isManager = mayDo(account?.role, "manager");
  const [search] = useSearchParams();
  const day = dayOf(search.get("at"));
  const span = { period, at: day ? `${day}T23:59:59Z` : undefined };
  const found = useIndicators(span, isManager);
  if (account && !isManager) {
    return <Notice icon={<IconChartBar size={36} />} title={t("problem.forbidden")} text={t("insights.forManagers")} />;
  }
  if (found.isError && !found.data) return <Failed error={found.error} again={() => void found.refetch()} />;
  const said = found.data;
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("insights.title")}</h1>
        <Choice name="period" label={t("insights.period")} values={periods} start="month" />
        <PastDay day={day} />
        {said && (
          <span className="dim push">
            <Moment at={said.start} as="day" /> – <Moment at={said.end} as="day" />
          </span>
        )}
      </div>
      {said ? <Figures said={said} span={span} /> : <Skeleton height={320} />}
    </div>
  );
}

type Said = NonNullable<ReturnType<typeof useIndicators>["data"]>;

/** A day as the address says it; nothing where it is none. */
function dayOf(said: string | null): string | null {
  return said !== null && /^\d{4}-\d{2}-\d{2}$/.test(said) ? said : null;
}

/** As of which day the figures are; today where none is chosen. */
function PastDay({ day }: { day: string | null }) {
  const { t } = useWords();
  const change = useChange();
  return (
    <label className="dim">
      {t("insights.asOf")}{" "}
      <input type="date" value={day ?? ""} onChange={(event) => change({ at: event.target.value || null })} />
    </label>
  );
}

function Figures({ said, span }: { said: Said; span: Span }) {
  const { t, language } = useWords();
  const query = new URLSearchParams({ period: span.period, ...(span.at ? { at: span.at } : {}) }).toString();
  return (
    <>
      <ul className="figures">
        <Figure name="opened" value={formatNumber(said.opened, language)} />
        <Figure name="closed" value={formatNumber(said.closed, language)} to="/queue?view=closed" />
        <Figure name="openNow" value={formatNumber(said.open_now, language)} to="/queue" />
      </ul>
      <p className="dim">
        <a href={`/api/v1/kpis.csv?${query}`}>{t("insights.allAsCsv")}</a>
        {" · "}
        <a href={`/api/v1/kpis/report.pdf?lang=${language}`}>{t("insights.report")}</a>
      </p>
      <Families families={said.families} currency={said.currency} span={span} />
      <div className="tiles">
        <Card id="verdicts" title={t("insights.verdicts")}>
          <Bars
            counts={said.verdicts}
            words={(name) => t(`ticket.verdicts.${name}`, { defaultValue: plainName(name) })}
          />
        </Card>
        <Card id="sources" title={t("insights.sources")}>
          <Bars
            counts={said.opened_by_source}
            words={(name) => t(`source.${name}`, { defaultValue: plainName(name) })}
          />
        </Card>
      </div>
      <Worth at={span.at} />
      <Predicted span={span} />
      <Failures span={span} />
      <WhatIf />
      <Repairs period={span.period} />
      <Capacity />
      <AdviceEffects />
      <Modes />
    </>
  );
}

interface FigureProps {
  name: string;
  value: string;
  /** Where the tickets behind it are. */
  to?: string;
}

function Figure({ name, value, to }: FigureProps) {
  const { t } = useWords();
  return (
    <li className="card figure">
      <span className="dim">{t(`insights.figures.${name}.title`)}</span>
      <strong>{to ? <Link to={to}>{value}</Link> : value}</strong>
      <span className="dim">{t(`insights.figures.${name}.means`)}</span>
    </li>
  );
}

/** Counts as bars, the largest first. */
function Bars({ counts, words }: { counts: Record<string, number>; words: (name: string) => string }) {
  const { t, language } = useWords();
  const rows = Object.entries(counts).sort(([, one], [, other]) => other - one);
  const most = Math.max(1, ...Object.values(counts));
  if (rows.length === 0) return <p className="dim">{t("insights.nothing")}</p>;
  return (
    <dl className="bars">
      {rows.map(([name, count]) => (
        <div key={name}>
          <dt>{words(name)}</dt>
          <dd>
            <span className="bar" aria-hidden>
              <i style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <b>{formatNumber(count, language)}</b>
          </dd>
        </div>
      ))}
    </dl>
  );
}

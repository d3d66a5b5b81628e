/** Is it worth it: how often a prediction was right, how fast work is done, and what came in, over a period. */
import { Skeleton } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { Link } from "react-router";

import { useAccount } from "../api/account";
import { useIndicators } from "../api/insights";
import { mayDo } from "../api/roles";
import { Choice, useChosen } from "../app/Choice";
import { Card } from "../app/Listing";
import { Failed, Notice } from "../app/Notice";
import { useWords } from "../i18n";
import { Modes } from "../insights/Modes";
import { Repairs } from "../insights/Repairs";
import { WhatIf } from "../insights/WhatIf";
import { formatNumber, formatShare, formatSpan, plainName } from "../words/format";
import { Moment } from "../words/Moment";

const HOUR = 3_600_000;
const PERIODS = ["week", "month", "quarter", "year"];

export function Insights() {
  const { t } = useWords();
  const account = useAccount().data;
  const periods = PERIODS.map((period) => [period, t(`insights.periods.${period}`)] as [string, string]);
  const period = useChosen("period", periods, "month");
  const isManager = mayDo(account?.role, "manager");
  const found = useIndicators(period, isManager);
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
        {said && (
          <span className="dim push">
            <Moment at={said.start} as="day" /> – <Moment at={said.end} as="day" />
          </span>
        )}
      </div>
      {said ? <Figures said={said} period={period} /> : <Skeleton height={320} />}
    </div>
  );
}

type Said = NonNullable<ReturnType<typeof useIndicators>["data"]>;

function Figures({ said, period }: { said: Said; period: string }) {
  const { t, language } = useWords();
  const share = (value: number | null) => (value === null ? t("insights.notYet") : formatShare(value, language));
  const hours = said.median_hours_to_close;
  const judged = Object.values(said.verdicts).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <ul className="figures">
        <Figure name="precision" value={share(said.precision)} hint={t("insights.judged", { count: judged })} />
        <Figure name="inTime" value={share(said.solved_within_sla)} />
        <Figure name="toClose" value={hours === null ? t("insights.notYet") : formatSpan(hours * HOUR, language)} />
        <Figure name="opened" value={formatNumber(said.opened, language)} />
        <Figure name="closed" value={formatNumber(said.closed, language)} to="/queue?view=closed" />
        <Figure name="openNow" value={formatNumber(said.open_now, language)} to="/queue" />
      </ul>
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
      <WhatIf />
      <Repairs period={period} />
      <Modes />
    </>
  );
}

interface FigureProps {
  name: string;
  value: string;
  hint?: string;
  /** Where the tickets behind it are. */
  to?: string;
}

function Figure({ name, value, hint, to }: FigureProps) {
  const { t } = useWords();
  return (
    <li className="card figure">
      <span className="dim">{t(`insights.figures.${name}.title`)}</span>
      <strong>{to ? <Link to={to}>{value}</Link> : value}</strong>
      <span className="dim">{hint ?? t(`insights.figures.${name}.means`)}</span>
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

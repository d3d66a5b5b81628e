/** What another threshold, or another price of failures, would have come to: two sliders, and the same cases twice. */
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";

import { type Supposed, useWhatIf } from "../api/insights";
import { Card, Listing } from "../app/Listing";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";
import { formatMoney, formatNumber, formatShare } from "../words/format";

const SETTLE_MS = 250;
/** The slider of consequences runs in steps of a doubling, from a quarter to sixteen times. */
const DOUBLINGS = { min: -2, max: 4, step: 0.5 };

type Said = NonNullable<ReturnType<typeof useWhatIf>["data"]>;
type Figure = Said["saved"];

export function WhatIf() {
  const { t, language } = useWords();
  const sentence = useProblemSentence();
  const [probability, setProbability] = useState(0);
  const [doublings, setDoublings] = useState(0);
  const times = 2 ** doublings;
  const [supposed] = useDebouncedValue<Supposed>(
    { probability_at_least: probability, consequence_times: times },
    SETTLE_MS,
  );
  const found = useWhatIf(supposed);
  const timesText = `× ${formatNumber(times, language)}`;
  return (
    <Card id="what-if" title={t("insights.whatIf.title")}>
      <p className="dim">{t("insights.whatIf.text")}</p>
      <div className="tiles sliders">
        <label>
          {t("insights.whatIf.probability")} <b>{formatShare(probability, language)}</b>
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={probability}
            aria-valuetext={formatShare(probability, language)}
            onChange={(event) => setProbability(Number(event.currentTarget.value))}
          />
        </label>
        <label>
          {t("insights.whatIf.consequence")} <b>{timesText}</b>
          <input
            type="range"
            {...DOUBLINGS}
            value={doublings}
            aria-valuetext={timesText}
            onChange={(event) => setDoublings(Number(event.currentTarget.value))}
          />
        </label>
      </div>
      {found.isError && !found.data && <p className="bad-text">{sentence(found.error)}</p>}
      {found.data && <Courses said={found.data} />}
    </Card>
  );
}

/** As it happened, and as it would have been. */
function Courses({ said }: { said: Said }) {
  const { t, language } = useWords();
  if (said.cases === 0) return <p className="dim">{t("insights.whatIf.none")}</p>;
  const number = (figure: Figure) => (
    <Estimate key="n" figure={figure} words={(value) => formatNumber(value, language)} />
  );
  const money = (value: number) => formatMoney(value, said.currency, language);
  const rows = [
    ["happened", said.happened],
    ["would", said.would],
  ] as const;
  const { low, high } = said.saved;
  return (
    <>
      <Listing
        name={t("insights.whatIf.title")}
        columns={["", ...["visits", "inVain", "misses", "cost"].map((one) => t(`insights.whatIf.${one}`))]}
        empty=""
        rows={rows.map(([name, course]) => ({
          key: name,
          cells: [
            <b key="w">{t(`insights.whatIf.${name}`)}</b>,
            number(course.visits),
            number(course.in_vain),
            number(course.misses),
            <Estimate key="c" figure={course.cost} words={money} />,
          ],
        }))}
      />
      <p>
        {low > 0 || high < 0 ? (
          <b className={low > 0 ? "good-text" : "bad-text"}>
            {t(low > 0 ? "insights.whatIf.saves" : "insights.whatIf.costs", {
              money: money(Math.abs(said.saved.value)),
            })}
          </b>
        ) : (
          <b>{t("insights.whatIf.same")}</b>
        )}{" "}
        <span className="dim">
          {t("insights.whatIf.cases", {
            count: said.cases,
            judged: formatNumber(said.judged, language),
            number: formatNumber(said.cases, language),
          })}
        </span>
      </p>
    </>
  );
}

/** A figure with its interval. */
function Estimate({ figure, words }: { figure: Figure; words: (value: number) => string }) {
  return (
    <span>
      {words(figure.value)}{" "}
      <span className="dim">
        {words(figure.low)}–{words(figure.high)}
      </span>
    </span>
  );
}

/** What is known of a ticket's fault: what people wrote down, and what has helped so far, with counts. */
import { Title } from "@mantine/core";

import type { Article } from "../api/types";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { spoken } from "../words/spoken";

export function Known({ articles, level }: { articles: Article[]; level: 2 | 3 }) {
  const { t, language } = useWords();
  if (articles.length === 0) return null;
  return (
    <section className="card" aria-labelledby="known-title">
      <Title order={level} size="h5" id="known-title" className="card-title">
        {t("known.title")}
      </Title>
      {articles.map((one) => (
        <article key={one.id}>
          <p className="strong">
            {spoken(one.text.title, language)} <span className="dim">{one.model || t("known.allModels")}</span>
          </p>
          {spoken(one.text.body, language)
            .split("\n")
            .filter((line) => line.trim())
            .map((line) => (
              <p key={line}>{line}</p>
            ))}
          <Helped article={one} />
        </article>
      ))}
    </section>
  );
}

/** What was done against the fault, and how often it held. */
export function Helped({ article }: { article: Article }) {
  const { t, language } = useWords();
  const { cases } = article;
  const number = (count: number) => formatNumber(count, language);
  const named = (what: string) => (what === "without_part" || what === "fix_first" ? t(`known.whats.${what}`) : what);
  return (
    <>
      {cases.stopped_helping && (
        <p className="mark warn" role="status">
          {t("known.stopped", { back: number(cases.came_back_since_version), held: number(cases.held_since_version) })}
        </p>
      )}
      <p className="dim">{t("known.cases", { count: cases.closed, number: number(cases.closed) })}</p>
      {cases.helped.length > 0 && (
        <ul>
          {cases.helped.map((one) => (
            <li key={one.what}>
              {t("known.helped", { what: named(one.what), held: number(one.held), cases: number(one.cases) })}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The tickets behind a figure: which it was counted from, newest first. */
import { Link, useSearchParams } from "react-router";

import { type KeyFigure, type Span, useCases } from "../api/insights";
import { Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";
import { figureText } from "./value";

export interface Shown {
  family: string;
  name: string;
  figure: KeyFigure;
}

/** The figure that the address names, if there is one of that name. */
export function useBehind(families: Record<string, Record<string, KeyFigure>>): Shown | null {
  const [search] = useSearchParams();
  const [family = "", name = ""] = (search.get("behind") ?? "").split(".");
  const figure = families[family]?.[name];
  return figure ? { family, name, figure } : null;
}

/** The address of this page with the tickets behind a figure; without them where they are shown. */
export function useBehindAddress(family: string, name: string): string {
  const [search] = useSearchParams();
  const said = `${family}.${name}`;
  const next = new URLSearchParams(search);
  if (next.get("behind") === said) next.delete("behind");
  else next.set("behind", said);
  return `?${next.toString()}`;
}

export function Behind({ family, name, figure, currency, span }: Shown & { currency: string; span: Span }) {
  const { t, language } = useWords();
  const found = useCases(family, name, span).data;
  const query = new URLSearchParams({ family, figure: name, period: span.period, ...(span.at ? { at: span.at } : {}) });
  const yesNo = (value: number) => t(value > 0 ? "insights.yes" : "insights.no");
  if (!found) return null;
  return (
    <section aria-label={t("insights.behind", { figure: figure.title })}>
      <h3 className="card-title">{t("insights.behind", { figure: figure.title })}</h3>
      <p className="dim">
        {figure.definition} <a href={`/api/v1/kpis/cases.csv?${query.toString()}`}>{t("insights.asCsv")}</a>
      </p>
      <Listing
        name={t("insights.behind", { figure: figure.title })}
        columns={["ticket", "title", "when", "value"].map((one) => t(`insights.case.${one}`))}
        empty={t("insights.nothing")}
        rows={found.items.map((one, at) => ({
          key: at,
          cells: [
            one.ticket_number === null ? (
              "–"
            ) : (
              <Link key="t" to={`/tickets/${one.ticket_number}`}>
                #{one.ticket_number}
              </Link>
            ),
            one.title ?? "–",
            <Moment key="w" at={one.at} as="day" />,
            figure.unit === "share" ? yesNo(one.value) : figureText(one.value, figure.unit, currency, language),
          ],
        }))}
      />
      {found.next && <p className="dim">{t("insights.newest", { count: found.items.length })}</p>}
    </section>
  );
}

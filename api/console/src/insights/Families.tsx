/** The five families of figures, each with its target and the way to the tickets behind it. */
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { Link } from "react-router";

import type { KeyFigure, Span } from "../api/insights";
import { Card } from "../app/Listing";
import { useWords } from "../i18n";
import { Behind, useBehind, useBehindAddress } from "./Behind";
import { figureText } from "./value";

interface FamiliesProps {
  families: Record<string, Record<string, KeyFigure>>;
  currency: string;
  span: Span;
}

export function Families({ families, currency, span }: FamiliesProps) {
  const { t } = useWords();
  const shown = useBehind(families);
  return (
    <>
      {Object.entries(families).map(([family, figures]) => (
        <Card key={family} id={`family-${family}`} title={t(`insights.families.${family}`)}>
          <ul className="figures">
            {Object.entries(figures).map(([name, figure]) => (
              <Figure key={name} family={family} name={name} figure={figure} currency={currency} />
            ))}
          </ul>
          {shown?.family === family && <Behind {...shown} currency={currency} span={span} />}
        </Card>
      ))}
    </>
  );
}

interface FigureProps {
  family: string;
  name: string;
  figure: KeyFigure;
  currency: string;
}

function Figure({ family, name, figure, currency }: FigureProps) {
  const { t, language } = useWords();
  const address = useBehindAddress(family, name);
  const value = figure.value === null ? t("none") : figureText(figure.value, figure.unit, currency, language);
  return (
    <li className="figure" title={figure.definition}>
      <span className="dim">{figure.title}</span>
      <strong>
        {figure.n > 0 ? (
          <Link to={address} preventScrollReset aria-label={`${figure.title}: ${value}`}>
            {value}
          </Link>
        ) : (
          value
        )}
      </strong>
      <span className="dim">
        {t("insights.cases", { count: figure.n })}
        {figure.target !== null && (
          <>
            {" · "}
            {figure.is_met === true && <IconCheck size={13} aria-label={t("insights.met")} />}
            {figure.is_met === false && <IconAlertTriangle size={13} aria-label={t("insights.missed")} />}{" "}
            {figure.is_at_most ? "≤" : "≥"} {figureText(figure.target, figure.unit, currency, language)}
          </>
        )}
      </span>
    </li>
  );
}

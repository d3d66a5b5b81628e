/** A figure's value as people read it. */
import type { KeyFigure } from "../api/insights";
import type { Language } from "../i18n";
import { formatMoney, formatNumber, formatShare, formatSpan } from "../words/format";

const HOUR = 3_600_000;

export function figureText(value: number, unit: KeyFigure["unit"], currency: string, language: Language): string {
  if (unit === "share") return formatShare(value, language);
  if (unit === "hours") return formatSpan(value * HOUR, language);
  if (unit === "minutes") return formatSpan((value * HOUR) / 60, language);
  if (unit === "money") return formatMoney(value, currency, language);
  return formatNumber(Math.round(value * 100) / 100, language);
}

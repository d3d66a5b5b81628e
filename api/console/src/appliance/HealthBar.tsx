import { useWords } from "../i18n";
import { useNames } from "../words/names";

/** One component's health index: a bar, and the number beside it. */
export function HealthBar({ component, health }: { component: string; health: number }) {
  const { language } = useWords();
  const names = useNames();
  const tone = health < 0.3 ? "bad" : health < 0.7 ? "warn" : "good";
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(health);
  return (
    <span className="health">
      <span className={`bar ${tone}`} aria-hidden>
        <i style={{ width: `${Math.max(2, Math.round(health * 100))}%` }} />
      </span>
      <b>{number}</b>
      <span className="dim">{names.component(component)}</span>
    </span>
  );
}

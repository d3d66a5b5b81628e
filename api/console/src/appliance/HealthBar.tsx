import { formatIndex } from "../words/format";
import type { Names } from "../words/names";

interface HealthBarProps {
  component: string;
  health: number;
  names: Names;
  language: string;
}

/** One component's health index: a bar, and the number beside it. */
export function HealthBar({ component, health, names, language }: HealthBarProps) {
  const tone = health < 0.3 ? "bad" : health < 0.7 ? "warn" : "good";
  return (
    <span className="health">
      <span className={`bar ${tone}`} aria-hidden>
        <i style={{ width: `${Math.max(2, Math.round(health * 100))}%` }} />
      </span>
      <b>{formatIndex(health, language)}</b>
      <span className="dim">{names.component(component)}</span>
    </span>
  );
}

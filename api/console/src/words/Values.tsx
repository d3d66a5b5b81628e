/** Readings as names, values and units; those that differ from the ones before are marked. */
import type { LiveReading } from "../api/live";
import { useWords } from "../i18n";
import { formatQuantity } from "./format";
import { useNames } from "./names";

interface ValuesProps {
  kind: string;
  readings: Record<string, LiveReading>;
  before?: Record<string, LiveReading>;
  isWide?: boolean;
}

export function Values({ kind, readings, before, isWide = false }: ValuesProps) {
  const { language } = useWords();
  const names = useNames();
  return (
    <dl className={isWide ? "values wide" : "values"}>
      {Object.keys(readings)
        .sort()
        .map((name) => {
          const value = readings[name]?.value ?? 0;
          const old = before?.[name]?.value;
          const text = names.isBoolean(kind, name)
            ? value
              ? "✓"
              : "–"
            : formatQuantity(value, names.unit(kind, name), language);
          return (
            <div key={name}>
              <dt>{names.plainMetric(kind, name)}</dt>
              <dd className={old !== undefined && old !== value ? "changed" : undefined}>{text}</dd>
            </div>
          );
        })}
    </dl>
  );
}

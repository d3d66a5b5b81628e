/** The newest snapshot that the appliance answered with, as values with units; what changed since the one before is marked. */
import { Title } from "@mantine/core";

import type { DiagnosisSession } from "../api/types";
import { useWords } from "../i18n";
import { formatQuantity, plainName } from "../words/format";
import { Moment } from "../words/Moment";
import { useNames } from "../words/names";

interface Snapshot {
  at: string | null;
  mode: string | null;
  metrics: Record<string, number | boolean>;
}

export function ValuesRead({ session }: { session: DiagnosisSession }) {
  const { t, language } = useWords();
  const names = useNames();
  const snapshots = session.commands.map(toSnapshot).filter((one) => one !== null);
  const [before, newest] = [snapshots.at(-2), snapshots.at(-1)];
  return (
    <section className="card" aria-labelledby="values-title">
      <Title order={2} size="h5" id="values-title" className="card-title">
        {t("session.values")} {newest && <span className="dim"><Moment at={newest.at} /></span>}
      </Title>
      {!newest && <p className="dim">{t("session.noValues")}</p>}
      {newest?.mode && <p>{t("session.mode", { mode: plainName(newest.mode) })}</p>}
      <dl className="values wide">
        {Object.entries(newest?.metrics ?? {}).map(([name, value]) => {
          const old = before?.metrics[name];
          const isNew = old !== undefined && old !== value;
          return (
            <div key={name}>
              <dt>{names.metric(session.kind, name)}</dt>
              <dd className={isNew ? "changed" : undefined}>
                {typeof value === "boolean" ? (value ? "✓" : "–") : formatQuantity(value, names.unit(session.kind, name), language)}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}

function toSnapshot(command: DiagnosisSession["commands"][number]): Snapshot | null {
  if (command.name !== "snapshot.read" || command.state !== "succeeded" || !command.data) return null;
  const { mode, metrics } = command.data;
  const entries = typeof metrics === "object" && metrics !== null ? Object.entries(metrics) : [];
  return {
    at: command.answered_at,
    mode: typeof mode === "string" ? mode : null,
    metrics: Object.fromEntries(entries.filter(([, value]) => typeof value === "number" || typeof value === "boolean")),
  };
}

/** The newest snapshot that the appliance answered with, as values with units; what changed since the one before is marked. */
import { Title } from "@mantine/core";

import type { LiveReading } from "../api/live";
import type { DiagnosisSession } from "../api/types";
import { type Say, useWords } from "../i18n";
import { plainName, toMs } from "../words/format";
import { Moment } from "../words/Moment";
import { Values } from "../words/Values";

interface Snapshot {
  at: string | null;
  mode: string | null;
  readings: Record<string, LiveReading>;
}

export function ValuesRead({ session }: { session: DiagnosisSession }) {
  const { t } = useWords();
  const snapshots = session.commands.map(toSnapshot).filter((one) => one !== null);
  const [before, newest] = [snapshots.at(-2), snapshots.at(-1)];
  return (
    <section className="card" aria-labelledby="values-title">
      <Title order={2} size="h5" id="values-title" className="card-title">
        {t("session.values")}{" "}
        {newest && (
          <span className="dim">
            <Moment at={newest.at} />
          </span>
        )}
      </Title>
      {!newest && <p className="dim">{t("session.noValues")}</p>}
      {newest?.mode && <p>{t("session.mode", { mode: modeName(newest.mode, t) })}</p>}
      {newest && <Values kind={session.kind} readings={newest.readings} before={before?.readings} isWide />}
    </section>
  );
}

/** A mode in the reader's language; one of an operator's own profile as it is called there. */
function modeName(mode: string, t: Say): string {
  return t(`session.modes.${mode}`, { defaultValue: plainName(mode) });
}

function toSnapshot(command: DiagnosisSession["commands"][number]): Snapshot | null {
  if (command.name !== "snapshot.read" || command.state !== "succeeded" || !command.data) return null;
  const { mode, metrics } = command.data;
  const entries = typeof metrics === "object" && metrics !== null ? Object.entries(metrics) : [];
  const known = entries.filter(([, value]) => typeof value === "number" || typeof value === "boolean");
  const ts = toMs(command.answered_at) ?? 0;
  return {
    at: command.answered_at,
    mode: typeof mode === "string" ? mode : null,
    readings: Object.fromEntries(known.map(([name, value]) => [name, { ts, value: Number(value) }])),
  };
}

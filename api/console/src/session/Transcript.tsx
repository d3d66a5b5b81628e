/** Each line of what was said and done; commands carry the state they have come to. */
import { useEffect, useRef } from "react";

import type { DiagnosisSession, TranscriptEntry } from "../api/types";
import { useWords } from "../i18n";
import { plainName } from "../words/format";
import { Moment } from "../words/Moment";
import { actorName } from "../words/names";
import { whyNot } from "./whyNot";

export function Transcript({ session }: { session: DiagnosisSession }) {
  const { t } = useWords();
  const box = useRef<HTMLDivElement>(null);
  const count = session.transcript.length;
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count]);
  const names = new Map(session.commands.map((command) => [command.id, command.name]));
  return (
    <div ref={box} role="log" aria-label={t("session.transcript")} tabIndex={0} className="transcript">
      {count === 0 && <p className="dim">{t("session.noEntries")}</p>}
      {session.transcript.map((entry, index) => (
        <Line key={index} entry={entry} command={entry.command_id ? names.get(entry.command_id) : undefined} />
      ))}
    </div>
  );
}

function Line({ entry, command }: { entry: TranscriptEntry; command: string | undefined }) {
  const { t } = useWords();
  const reason = typeof entry.data.reason === "string" ? entry.data.reason : null;
  return (
    <p>
      <Moment at={entry.at} as="clock" />
      <span>
        <b>{t(`session.events.${entry.event}`, { defaultValue: plainName(entry.event) })}</b>
        {command && <code>{command}</code>} <span className="dim">{actorName(entry.actor, t)}</span>
        {reason && <q>{whyNot(reason, t)}</q>}
      </span>
    </p>
  );
}

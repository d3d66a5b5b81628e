/** What may be asked of the appliance now; what may not says why. Below, each command with how far it has come. */
import { Button, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";

import { isOver, useSessionCall } from "../api/sessions";
import type { DiagnosisSession, SessionCommand } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";
import { whyNot } from "./whyNot";

const TRACE = { rate_hz: 10, seconds: 30 };

const TONES: Record<string, string> = {
  succeeded: "good",
  failed: "bad",
  rejected: "bad",
  expired: "warn",
  unknown: "warn",
};

export function CommandPanel({ session }: { session: DiagnosisSession }) {
  const { t } = useWords();
  const call = useSessionCall(session.id);
  const why = isOver(session.state) ? t("session.over") : session.state === "active" ? null : t("session.needsConsent");
  return (
    <section className="card" aria-labelledby="commands-title">
      <Title order={2} size="h5" id="commands-title" className="card-title">
        {t("session.commands")}
      </Title>
      {why === null ? (
        <Button
          fullWidth
          leftSection={<IconDownload size={17} />}
          loading={call.isPending}
          onClick={() => call.mutate({ call: "command", body: { name: "snapshot.read" } })}
        >
          {t("session.read")}
        </Button>
      ) : (
        <p className="not-now">
          {t("session.read")} <span className="dim">{why}</span>
        </p>
      )}
      {why === null && session.scope !== "see" && (
        <Button
          fullWidth
          mt={6}
          variant="light"
          loading={call.isPending}
          onClick={() => call.mutate({ call: "command", body: { name: "trace.capture", args: TRACE } })}
        >
          {t("session.trace", { count: TRACE.seconds })}
        </Button>
      )}
      {why === null && session.scope !== "read" && session.scope !== "see" && (
        <Button
          fullWidth
          mt={6}
          variant="light"
          loading={call.isPending}
          onClick={() => call.mutate({ call: "command", body: { name: "config.sampling", args: { interval_s: 1 } } })}
        >
          {t("session.sampling")}
        </Button>
      )}
      <CallFailed error={call.error} />
      <ul className="commands">
        {[...session.commands].reverse().map((command) => (
          <li key={command.id}>
            <Progress command={command} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Progress({ command }: { command: SessionCommand }) {
  const { t } = useWords();
  return (
    <>
      <code>{command.name}</code>
      <span className={`mark ${TONES[command.state] ?? "accent"}`}>
        {t(`session.commandStates.${command.state}`, { defaultValue: command.state })}
      </span>
      <span className="dim">
        <Moment at={command.answered_at ?? command.sent_at ?? command.issued_at} as="clock" />
      </span>
      {command.reason && <q>{whyNot(command.reason, t)}</q>}
    </>
  );
}

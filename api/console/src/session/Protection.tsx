/** Protect until the visit: what the appliance could do gently, what the customer loses by it, and how it stands. */
import { Button } from "@mantine/core";

import { useProtectionCall } from "../api/protection";
import type { DiagnosisSession, Protected } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";
import { endReason } from "../words/names";

interface ProtectionProps {
  number: number;
  found: Protected | undefined;
  session?: DiagnosisSession;
  mayEnd: boolean;
}

export function Protection({ number, found, session, mayEnd }: ProtectionProps) {
  const { t } = useWords();
  const call = useProtectionCall(number);
  if (!found?.gentle || (!found.is_known && !found.standing)) return null;
  const { gentle, standing } = found;
  const last = found.records[0];
  const mayAsk = !standing && session?.state === "active";
  return (
    <section className="card" aria-label={t("ticket.protect")}>
      <p className="label">{t("ticket.protect")}</p>
      <p>{gentle.title}</p>
      <p className="dim">{t("ticket.protectLoss", { loss: gentle.loss })}</p>
      {last && (
        <p role="status">
          <b>{t(`ticket.protectStates.${last.state}`)}</b>{" "}
          {standing?.lease_until && <Moment at={standing.lease_until} />}{" "}
          {last.end_reason && <span className="dim">{endReason(last.end_reason, t)}</span>}
        </p>
      )}
      {!standing && <p className="dim">{t("ticket.protectNeeds")}</p>}
      {mayAsk && session.scope === "act" && (
        <Button size="compact-md" variant="light" loading={call.isPending} onClick={() => call.mutate(session.id)}>
          {t("ticket.protectAsk")}
        </Button>
      )}
      {standing && mayEnd && (
        <Button size="compact-md" variant="light" loading={call.isPending} onClick={() => call.mutate(null)}>
          {t("ticket.protectEnd")}
        </Button>
      )}
      <CallFailed error={call.error} />
    </section>
  );
}

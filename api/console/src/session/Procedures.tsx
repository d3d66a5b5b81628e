/** Each test that was begun, the newest first: how far it is, what it waits for, and what it has moved in the ticket. */
import { Button, Loader } from "@mantine/core";
import { IconChecks } from "@tabler/icons-react";
import { Link } from "react-router";

import { useAccount } from "../api/account";
import { useSessionCall } from "../api/sessions";
import type { DiagnosisSession, Procedure, Said } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { formatNumber, formatQuantity, formatShare } from "../words/format";
import { useNames } from "../words/names";
import { KitchenLink } from "./KitchenLink";
import { whyNot } from "./whyNot";

const TONES: Record<string, string> = { confirmed: "bad", cleared: "good", unclear: "warn", not_yet: "warn" };

export function Procedures({ session }: { session: DiagnosisSession }) {
  const newest = [...session.procedures].reverse();
  return newest.map((procedure) => <One key={procedure.id} session={session} procedure={procedure} />);
}

function One({ session, procedure }: { session: DiagnosisSession; procedure: Procedure }) {
  const { t, language } = useWords();
  const names = useNames();
  const offered = session.tests.find((one) => one.test.name === procedure.test)?.test;
  return (
    <section className="card procedure" aria-label={names.test(session.kind, procedure.test)}>
      <h2 className="card-title">
        {names.test(session.kind, procedure.test)}{" "}
        {procedure.verdict ? (
          <span className={`mark ${TONES[procedure.verdict]}`}>{t(`session.verdicts.${procedure.verdict}`)}</span>
        ) : (
          <span className={`mark ${procedure.state === "failed" ? "warn" : "accent"}`}>
            {t(`session.procedureStates.${procedure.state}`)}
          </span>
        )}
      </h2>
      <ol className="steps" aria-label={t("session.steps")}>
        {procedure.steps.map((step) => (
          <li key={step.command_id}>
            <code>{step.name}</code>{" "}
            <span className="dim">{t(`session.commandStates.${step.state}`, { defaultValue: step.state })}</span>
          </li>
        ))}
      </ol>
      {session.commands
        .filter((one) => one.procedure_id === procedure.id && one.effect)
        .map((one) => (
          <p key={one.id} className={one.effect === "worked" ? "dim" : "why-not"}>
            {t(`session.effects.${one.effect}`)}
          </p>
        ))}
      {procedure.state === "running" && procedure.waits_for.length > 0 && (
        <Waiting session={session} procedure={procedure} />
      )}
      {procedure.state === "running" && procedure.waits_for.length === 0 && (
        <p role="status" className="dim">
          <Loader size={14} /> {t("session.procedureRuns")}
        </p>
      )}
      {procedure.state === "failed" && (
        <p role="status">
          {t("session.procedureFailed")} {procedure.reason && whyNot(procedure.reason, t)}
        </p>
      )}
      {procedure.state === "done" && procedure.measured !== null && (
        <p role="status" className="measured">
          {t("session.measured", {
            value: formatQuantity(procedure.measured, offered?.unit ?? "", language),
            low: formatNumber(offered?.healthy[0] ?? 0, language),
            high: formatQuantity(offered?.healthy[1] ?? 0, offered?.unit ?? "", language),
          })}
        </p>
      )}
      {procedure.before && procedure.after && (
        <Moved kind={session.kind} before={procedure.before} after={procedure.after} number={session.ticket_number} />
      )}
    </section>
  );
}

function Waiting({ session, procedure }: { session: DiagnosisSession; procedure: Procedure }) {
  const { t } = useWords();
  const account = useAccount();
  const call = useSessionCall(session.id);
  const needsApproval = procedure.waits_for.includes("approval_missing");
  const me = account.data?.name;
  const mayApprove = me !== undefined && me !== session.requested_by && me !== procedure.started_by;
  return (
    <div className="waiting" role="status">
      <p>{t("session.waitsFor")}</p>
      <ul>
        {procedure.waits_for.map((one) => (
          <li key={one}>{t(`session.people.${one}`, { defaultValue: one })}</li>
        ))}
      </ul>
      {needsApproval && mayApprove && (
        <Button
          leftSection={<IconChecks size={16} />}
          loading={call.isPending}
          onClick={() => call.mutate({ call: "approve", command_id: procedure.waiting_command_id ?? "" })}
        >
          {t("session.approve")}
        </Button>
      )}
      <CallFailed error={call.error} />
      <KitchenLink appliance={session.appliance_id} />
    </div>
  );
}

function Moved({ kind, before, after, number }: { kind: string; before: Said; after: Said; number: number }) {
  const { t, language } = useWords();
  const names = useNames();
  const was = new Map(before.causes.map((one) => [one.fault_mode, one.probability]));
  return (
    <>
      <table className="moved">
        <thead>
          <tr>
            <th scope="col">{t("ticket.causes")}</th>
            <th scope="col">{t("session.before")}</th>
            <th scope="col">{t("session.after")}</th>
          </tr>
        </thead>
        <tbody>
          {after.causes.slice(0, 4).map((cause) => (
            <tr key={cause.fault_mode}>
              <th scope="row">{names.fault(kind, cause.fault_mode)}</th>
              <td>{formatShare(was.get(cause.fault_mode) ?? 0, language)}</td>
              <td>
                <b>{formatShare(cause.probability, language)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>{t(`session.nextStep.${after.next_step}`, { test: after.test ? names.test(kind, after.test) : "" })}</p>
      <Button component={Link} to={`/tickets/${number}`} variant="light" fullWidth>
        {t("session.toTicket", { number })}
      </Button>
    </>
  );
}

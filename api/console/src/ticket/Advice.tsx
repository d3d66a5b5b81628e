/** What to do: the first check, the test that would prove it, the part to bring, and what else it could be. */
import { Button, Title } from "@mantine/core";
import { IconBroadcast, IconPlayerPlay } from "@tabler/icons-react";
import { Link, useNavigate } from "react-router";

import { useOpenSession } from "../api/sessions";
import type { Beside, Ticket } from "../api/types";
import { KitchenLink } from "../session/KitchenLink";
import { Protection } from "../session/Protection";
import { whyNot } from "../session/whyNot";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { formatShare } from "../words/format";
import { Moment } from "../words/Moment";
import { useNames } from "../words/names";
import { FixFirst } from "./FixFirst";
import { RemoteFirst } from "./RemoteFirst";

interface AdviceProps {
  ticket: Ticket;
  /** What else is known of it, once it is there. */
  beside: Beside | undefined;
  level: 2 | 3;
  onSession: (() => void) | undefined;
}

export function Advice({ ticket, beside, level, onSession }: AdviceProps) {
  const { t, language } = useWords();
  const names = useNames();
  const { first_check, test, again, parts, no_test } = ticket.recommended;
  const isEmpty = !first_check && !test && !again && parts.length === 0;
  return (
    <section className="card" aria-labelledby="advice-title">
      <Title order={level} size="h5" id="advice-title" className="card-title">
        {t("ticket.what")}
      </Title>
      <RemoteFirst ticket={ticket} stage={beside?.remote_first} mayEnd={onSession !== undefined} />
      {isEmpty && <p className="dim">{t("ticket.noAdvice")}</p>}
      <ol className="advice">
        <FixFirst ticket={ticket} found={beside?.fix_first} mayTell={onSession !== undefined} />
        {first_check && (
          <li>
            <p className="label">{t("ticket.checkFirst")}</p>
            <p>{first_check}</p>
          </li>
        )}
        {test && (
          <li>
            <p className="label">{t("ticket.test")}</p>
            <p>{names.test(ticket.kind, test)}</p>
            {again?.called_by && again.test === test && (
              <p className="dim">{t(`ticket.testAgainCalled.${again.called_by}`)}</p>
            )}
            {beside?.test_why_not ? (
              <p className="dim">{t("ticket.testNotOffered", { reason: whyNot(beside.test_why_not, t) })}</p>
            ) : (
              onSession && <RunTest ticket={ticket} test={test} />
            )}
          </li>
        )}
        {again && !again.is_due && (
          <li>
            <p className="label">{t("ticket.testAgain")}</p>
            <p>{names.test(ticket.kind, again.test)}</p>
            <p className="dim">
              {t(`ticket.testAgainBecause.${again.because}`)}{" "}
              {t("ticket.testAgainWhen", { above: formatShare(again.above, language) })} <Moment at={again.due_at} />
              {t("stop")}
            </p>
            {onSession && <RunTest ticket={ticket} test={again.test} />}
          </li>
        )}
        {!test && no_test && (
          <li>
            <p className="label">{t("ticket.noTest")}</p>
            <p>{no_test}</p>
          </li>
        )}
        {parts.length > 0 && (
          <li>
            <p className="label">{t("ticket.parts")}</p>
            {parts.map((part) => (
              <p key={part.sku} className="part">
                <span>{part.name}</span> <code>{part.sku}</code>
                <b>{formatShare(part.probability, language)}</b>
              </p>
            ))}
          </li>
        )}
      </ol>
      {onSession && (
        <Button
          fullWidth
          variant="light"
          leftSection={<IconBroadcast size={17} />}
          onClick={onSession}
          className="remote"
        >
          {t("ticket.run")}
        </Button>
      )}
      <KitchenLink appliance={ticket.appliance_id} />
      <Protection number={ticket.number} found={beside?.protection} mayEnd={onSession !== undefined} />
      <Sessions sessions={beside?.sessions ?? []} />
      <Causes ticket={ticket} />
    </section>
  );
}

/** One click asks the customer for exactly what the test needs; it begins by itself when they agree. */
function RunTest({ ticket, test }: { ticket: Ticket; test: string }) {
  const { t } = useWords();
  const names = useNames();
  const navigate = useNavigate();
  const request = useOpenSession(ticket.number);
  const scope = names.testClass(ticket.kind, test) === "R3" ? "act" : "test";
  const ask = () =>
    request.mutate(scope, {
      onSuccess: (session) => void navigate(`/sessions/${session.id}?test=${encodeURIComponent(test)}`),
    });
  return (
    <>
      <Button size="compact-md" leftSection={<IconPlayerPlay size={15} />} loading={request.isPending} onClick={ask}>
        {t("ticket.runTest")}
      </Button>
      <CallFailed error={request.error} />
    </>
  );
}

function Sessions({ sessions }: { sessions: Beside["sessions"] }) {
  const { t } = useWords();
  if (sessions.length === 0) return null;
  return (
    <ul className="sessions" aria-label={t("ticket.sessions")}>
      {sessions.map((session) => (
        <li key={session.id}>
          <Link to={`/sessions/${session.id}`}>{t("ticket.session")}</Link>{" "}
          <span className="dim">{t(`sessionStates.${session.state}`)}</span>{" "}
          <span className="dim">
            <Moment at={session.requested_at} as="ago" />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Causes({ ticket }: { ticket: Ticket }) {
  const { t, language } = useWords();
  const names = useNames();
  if (ticket.alternatives.length === 0) return null;
  const own = { fault_mode: ticket.fault_mode ?? "unknown", probability: ticket.probability ?? 0 };
  const causes =
    ticket.probability === null
      ? ticket.alternatives
      : [own, ...ticket.alternatives.filter((one) => one.fault_mode !== own.fault_mode)];
  return (
    <div className="causes">
      <p className="label">{t("ticket.causes")}</p>
      <ul>
        {causes.map((cause) => (
          <li key={cause.fault_mode}>
            <span>
              {cause.fault_mode === "unknown" ? t("ticket.unknownCause") : names.fault(ticket.kind, cause.fault_mode)}
            </span>
            <span className="bar" aria-hidden>
              <i style={{ width: `${Math.round(cause.probability * 100)}%` }} />
            </span>
            <b>{formatShare(cause.probability, language)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

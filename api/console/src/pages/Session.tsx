/** What does it do when I ask: transcript, commands with their states, consent, values read, and one red way out. */
import { Button, Skeleton, Title } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useEffect, useEffectEvent } from "react";
import { Link, useParams, useSearchParams } from "react-router";

import { useProtection } from "../api/protection";
import { isOver, useSession, useSessionCall } from "../api/sessions";
import type { DiagnosisSession } from "../api/types";
import { Failed } from "../app/Notice";
import { useTitle } from "../app/title";
import { useWords } from "../i18n";
import { CommandPanel } from "../session/CommandPanel";
import { KitchenLink } from "../session/KitchenLink";
import { Consent } from "../session/Consent";
import { LiveCharts } from "../session/LiveCharts";
import { Procedures } from "../session/Procedures";
import { Protection } from "../session/Protection";
import { Tests } from "../session/Tests";
import { Transcript } from "../session/Transcript";
import { endReason } from "../words/names";
import { ValuesRead } from "../session/ValuesRead";
import { formatSpan, toMs } from "../words/format";
import { useNow } from "../words/now";

export function SessionPage() {
  const { t } = useWords();
  const { id = "" } = useParams();
  const session = useSession(id);
  useTitle(t("session.title"));
  if (session.isError && !session.data) {
    return <Failed error={session.error} again={() => void session.refetch()} missing={t("session.missing")} />;
  }
  return <div className="sheet">{session.data ? <Whole session={session.data} /> : <Skeleton height={500} />}</div>;
}

function Whole({ session }: { session: DiagnosisSession }) {
  const { t } = useWords();
  const call = useSessionCall(session.id);
  const isDone = isOver(session.state);
  useWantedTest(session);
  return (
    <>
      <div className="sheet-head">
        <h1>{t("session.title")}</h1>
        <span className="facts">
          <Link to={`/tickets/${session.ticket_number}`}>#{session.ticket_number}</Link>
          <Link to={`/appliances/${encodeURIComponent(session.appliance_id)}`}>{session.appliance_id}</Link>
          <span className={`mark ${session.state === "active" ? "good" : isDone ? "calm" : "warn"}`}>
            {t(`sessionStates.${session.state}`)}
          </span>
          <span>{t("session.scope", { scope: t(`ticket.scopes.${session.scope}`) })}</span>
          {!isDone && <Left until={session.expires_at} />}
          <KitchenLink appliance={session.appliance_id} />
        </span>
        {!isDone && (
          <Button
            color="red"
            className="push"
            leftSection={<IconHandStop size={17} />}
            loading={call.isPending && call.variables?.call === "end"}
            onClick={() => call.mutate({ call: "end" })}
          >
            {t("session.end")}
          </Button>
        )}
      </div>
      {session.state === "requested" && <Consent session={session} />}
      {isDone && (
        <p className="over">
          {t("session.ended")} {session.end_reason && endReason(session.end_reason, t)}
        </p>
      )}
      <div className="session-columns">
        <section className="card" aria-labelledby="transcript-title">
          <Title order={2} size="h5" id="transcript-title" className="card-title">
            {t("session.transcript")}
          </Title>
          <Transcript session={session} />
          <Papers id={session.id} />
        </section>
        <div className="session-part">
          <LiveCharts session={session} />
          <ValuesRead session={session} />
        </div>
        <div className="session-part first-when-narrow">
          <Procedures session={session} />
          <Tests session={session} />
          <CommandPanel session={session} />
          <ProtectionNow session={session} />
        </div>
      </div>
    </>
  );
}

function ProtectionNow({ session }: { session: DiagnosisSession }) {
  const found = useProtection(session.ticket_number).data;
  return <Protection number={session.ticket_number} found={found} session={session} mayEnd />;
}

/** What can be kept of it: the customer's receipt, the report with charts, and the whole record. */
function Papers({ id }: { id: string }) {
  const { t, language } = useWords();
  const folder = `/api/v1/sessions/${encodeURIComponent(id)}`;
  return (
    <p className="facts">
      <a href={`${folder}/receipt.html?lang=${language}`} target="_blank" rel="noreferrer">
        {t("session.receipt")}
      </a>
      <a href={`${folder}/receipt.pdf?lang=${language}`}>{t("session.receiptPdf")}</a>
      <a href={`${folder}/report.html?lang=${language}`} target="_blank" rel="noreferrer">
        {t("session.report")}
      </a>
      <a href={`${folder}/transcript.json`}>{t("session.json")}</a>
    </p>
  );
}

/** A test that was asked for with the session begins by itself once the customer has agreed; once. */
function useWantedTest(session: DiagnosisSession) {
  const [params, setParams] = useSearchParams();
  const call = useSessionCall(session.id);
  const wanted = params.get("test");
  const begin = useEffectEvent((test: string) => {
    setParams({}, { replace: true });
    call.mutate({ call: "test", test });
  });
  useEffect(() => {
    if (wanted && session.state === "active") begin(wanted);
  }, [wanted, session.state]);
}

function Left({ until }: { until: string | null }) {
  const { t, language } = useWords();
  const now = useNow();
  const at = toMs(until);
  if (at === null) return null;
  return <span>{t("session.left", { span: formatSpan(Math.max(0, at - now), language) })}</span>;
}

/** What the customer can do before anybody comes: the steps to read out, what they said, and what the readings made of it. */
import { Button, Group } from "@mantine/core";

import { useTellFixFirst } from "../api/fixFirst";
import type { Beside, Ticket } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { formatNumber, formatShare } from "../words/format";
import { Moment } from "../words/Moment";

type Found = Beside["fix_first"];

export function FixFirst({ ticket, found, mayTell }: { ticket: Ticket; found: Found | undefined; mayTell: boolean }) {
  const { t, language } = useWords();
  if (!found?.steps || (found.why_not === "over" && found.attempts.length === 0)) return null;
  const last = found.attempts[0];
  return (
    <li>
      <p className="label">{t("ticket.fixFirst")}</p>
      <p>
        {found.steps.title}{" "}
        <span className="dim">
          {t("ticket.fixShare", {
            share: formatShare(found.helps ?? 0, language),
            minutes: formatNumber(found.steps.minutes, language),
          })}
        </span>
      </p>
      {last && <Attempt attempt={last} />}
      {found.why_not === "relapsed" && !last && <p className="why-not">{t("ticket.fixRelapsed")}</p>}
      {mayTell && (found.is_offered || found.why_not === "declined") && <Ask ticket={ticket} found={found} />}
    </li>
  );
}

function Attempt({ attempt }: { attempt: Found["attempts"][number] }) {
  const { t } = useWords();
  const by = typeof attempt.proof?.by === "string" ? attempt.proof.by : null;
  const at = attempt.state === "watching" ? attempt.settle_by : (attempt.relapsed_at ?? attempt.decided_at);
  return (
    <p role="status">
      <b>{t(`ticket.fixStates.${attempt.state}`)}</b> {at && <Moment at={at} />}
      {by && <span className="dim"> {t(`ticket.fixProofs.${by}`)}</span>}
    </p>
  );
}

function Ask({ ticket, found }: { ticket: Ticket; found: Found }) {
  const { t } = useWords();
  const tell = useTellFixFirst(ticket.number);
  return (
    <>
      <ol className="steps">
        {found.steps?.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <Group gap="xs">
        <Button size="compact-md" variant="light" loading={tell.isPending} onClick={() => tell.mutate(true)}>
          {t("ticket.fixDone")}
        </Button>
        {found.is_offered && (
          <Button size="compact-md" variant="subtle" disabled={tell.isPending} onClick={() => tell.mutate(false)}>
            {t("ticket.fixNo")}
          </Button>
        )}
      </Group>
      <CallFailed error={tell.error} />
    </>
  );
}

/** The tests of the appliance's profile, the recommended one first: what each is and costs, and why it may not run now. */
import { Button, Title } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";

import { isOver, useSessionCall } from "../api/sessions";
import type { DiagnosisSession, OfferedTest } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { formatSpan } from "../words/format";
import { whyNot } from "./whyNot";

export function Tests({ session }: { session: DiagnosisSession }) {
  const { t } = useWords();
  const call = useSessionCall(session.id);
  if (isOver(session.state) || session.tests.length === 0) return null;
  const isBusy = session.procedures.some((one) => one.state === "running");
  const [ready, others] = [
    session.tests.filter((one) => one.recommended || one.why_not.length === 0),
    session.tests.filter((one) => !one.recommended && one.why_not.length > 0),
  ];
  const entry = (one: OfferedTest) => (
    <Entry
      key={one.test.name}
      offered={one}
      isBusy={isBusy}
      isStarting={call.isPending && call.variables?.call === "test" && call.variables.test === one.test.name}
      onRun={() => call.mutate({ call: "test", test: one.test.name })}
    />
  );
  return (
    <section className="card" aria-labelledby="tests-title">
      <Title order={2} size="h5" id="tests-title" className="card-title">
        {t("session.tests")}
      </Title>
      <CallFailed error={call.error} />
      <ul className="tests">{ready.map(entry)}</ul>
      {others.length > 0 && (
        <details className="not-now-tests">
          <summary>{t("session.notNow", { count: others.length })}</summary>
          <ul className="tests">{others.map(entry)}</ul>
        </details>
      )}
    </section>
  );
}

interface EntryProps {
  offered: OfferedTest;
  isBusy: boolean;
  isStarting: boolean;
  onRun: () => void;
}

function Entry({ offered, isBusy, isStarting, onRun }: EntryProps) {
  const { t, language } = useWords();
  const { test, why_not, waits_for } = offered;
  const reasons = isBusy && why_not.length === 0 ? ["busy"] : why_not;
  const costs = [
    formatSpan(test.limit_s * 1000, language),
    test.cost.noise > 0 ? t(`session.noise.${test.cost.noise}`) : "",
    test.cost.water_l > 0 ? t("session.water", { litres: test.cost.water_l }) : "",
  ];
  return (
    <li>
      <div>
        <b>{test.label}</b> {offered.recommended && <span className="mark accent">{t("session.recommended")}</span>}
        <p className="dim">
          <abbr title={t(`session.classes.${test.danger_class}`)}>{test.danger_class}</abbr> ·{" "}
          {costs.filter(Boolean).join(" · ")}
        </p>
        {test.ask && <p className="dim">{t("session.ask", { what: test.ask })}</p>}
        {reasons.map((reason) => (
          <p key={reason} className="why-not">
            {whyNot(reason, t)}
          </p>
        ))}
        {reasons.length === 0 && waits_for.length > 0 && (
          <p className="dim">
            {t("session.willWait", { what: waits_for.map((one) => t(`session.people.${one}`)).join(t("comma")) })}
          </p>
        )}
      </div>
      {reasons.length === 0 && (
        <Button
          size="compact-md"
          variant={offered.recommended ? "filled" : "default"}
          leftSection={<IconPlayerPlay size={15} />}
          loading={isStarting}
          onClick={onRun}
          aria-label={t("session.runTest", { test: test.label })}
        >
          {t("session.run")}
        </Button>
      )}
    </li>
  );
}

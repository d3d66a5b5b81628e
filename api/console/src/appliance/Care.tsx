/** Care: what is advised about use and what came of it, what is soon used up, and how the appliance is used. */
import { Button, Group, Title } from "@mantine/core";

import { useAccount } from "../api/account";
import { type Advice, type Care, useAnswerAdvice, useCare, useRenew } from "../api/care";
import { mayDo } from "../api/roles";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { formatNumber, formatQuantity, formatShare } from "../words/format";
import { Moment } from "../words/Moment";

/** From this share of its life on a consumable is soon used up. */
const SOON = 0.1;

export function CareCard({ id }: { id: string }) {
  const { t, language } = useWords();
  const care = useCare(id, language);
  const mayTell = mayDo(useAccount().data?.role, "technician");
  if (!care || (care.uses.length === 0 && care.consumables.length === 0 && care.advice.length === 0)) return null;
  return (
    <section className="card care" aria-labelledby="care-title">
      <Title order={2} size="h5" id="care-title" className="card-title">
        {t("care.title")} {care.quiet && <span className="dim">{t(`care.quiet.${care.quiet}`)}</span>}
      </Title>
      <ul className="ticket-lines">
        {care.advice.map((one) => (
          <AdviceLine key={one.id} id={id} advice={one} mayTell={mayTell} />
        ))}
      </ul>
      <Consumables id={id} care={care} mayTell={mayTell} />
      <Uses care={care} />
    </section>
  );
}

function AdviceLine({ id, advice, mayTell }: { id: string; advice: Advice; mayTell: boolean }) {
  const { t, language } = useWords();
  const answer = useAnswerAdvice(id);
  const stands = advice.state === "standing";
  const told = (value: number) => formatQuantity(value, advice.unit ?? "", language);
  return (
    <li className="care-line">
      <div>
        <b>{advice.title}</b>{" "}
        <span className={`mark ${advice.state === "helped" ? "good" : "calm"}`}>
          {t(`care.states.${advice.state}`)}
        </span>
        {stands && <p>{advice.text}</p>}
        <p className="dim">
          {advice.use}: {told(advice.before)}
          {advice.after !== null && ` → ${told(advice.after)}`}
          {advice.change && (
            <>
              {" "}
              {t("care.change", {
                mean: formatNumber(advice.change.mean, language),
                low: formatNumber(advice.change.low, language),
                high: formatNumber(advice.change.high, language),
              })}
            </>
          )}{" "}
          <Moment at={advice.told_at ?? advice.given_at} as="ago" />
        </p>
        {stands && mayTell && (
          <Group gap="xs">
            {(["followed", "declined"] as const).map((said) => (
              <Button
                key={said}
                size="compact-sm"
                variant={said === "followed" ? "light" : "subtle"}
                loading={answer.isPending && answer.variables.answer === said}
                onClick={() => answer.mutate({ id: advice.id, answer: said })}
                aria-label={`${t(`care.answers.${said}`)} ${advice.title}`}
              >
                {t(`care.answers.${said}`)}
              </Button>
            ))}
          </Group>
        )}
        <CallFailed error={answer.error} />
      </div>
    </li>
  );
}

function Consumables({ id, care, mayTell }: { id: string; care: Care; mayTell: boolean }) {
  const { t, language } = useWords();
  const renew = useRenew(id);
  return (
    <>
      {care.consumables.map((one) => (
        <div key={one.name} className="care-consumable">
          <span title={one.text}>{one.title}</span>
          <span className={`bar ${one.remaining <= SOON ? "warn" : "good"}`} aria-hidden>
            <i style={{ width: `${Math.max(2, Math.round(one.remaining * 100))}%` }} />
          </span>
          <span className="dim">
            {t("care.left", {
              share: formatShare(one.remaining, language),
              date: new Date(one.due_on).toLocaleDateString(language),
            })}
            {!one.is_since_known && ` ${t("care.sinceUnknown")}`}
          </span>
          {mayTell && (
            <Button
              size="compact-xs"
              variant="default"
              loading={renew.isPending && renew.variables === one.name}
              onClick={() => renew.mutate(one.name)}
              aria-label={`${t("care.renewed")} ${one.title}`}
            >
              {t("care.renewed")}
            </Button>
          )}
        </div>
      ))}
      <CallFailed error={renew.error} />
    </>
  );
}

function Uses({ care }: { care: Care }) {
  const { t, language } = useWords();
  if (care.uses.length === 0) return null;
  return (
    <details className="sound">
      <summary>{t("care.uses", { count: care.uses.length })}</summary>
      <ul className="ticket-lines">
        {care.uses.map((one) => (
          <li key={one.name}>
            <span>{one.label}</span>
            <span>
              {formatQuantity(one.mean, one.unit, language)}{" "}
              {one.mean_before !== null && (
                <span className="dim">
                  {t("care.before", { value: formatQuantity(one.mean_before, one.unit, language) })}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

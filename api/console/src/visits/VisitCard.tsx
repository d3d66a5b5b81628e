/** One visit: when and where, what to check and bring, and the next step; at the door its record. */
import { Button } from "@mantine/core";
import { IconMapPin, IconPhone } from "@tabler/icons-react";

import type { OwnVisit, Visit, VisitStepRequest } from "../api/types";
import { useWords } from "../i18n";
import { formatShare } from "../words/format";
import { clockIn } from "../words/days";
import { ticketTitle, useNames } from "../words/names";
import { now } from "../words/now";
import type { Step } from "./outbox";
import { RecordForm } from "./RecordForm";

interface VisitCardProps {
  own: OwnVisit;
  account: string;
  zone: string;
  /** Where it stands, with what is still on its way. */
  state: Visit["status"];
  onStep: (step: Step, body: VisitStepRequest) => void;
}

export function VisitCard({ own, account, zone, state, onStep }: VisitCardProps) {
  const { t, language } = useWords();
  const names = useNames();
  const { visit, works } = own;
  const at = () => new Date(now()).toISOString();
  const step = (name: Step) => onStep(name, { at: at(), parts: [], photos: [] });
  const isBefore = state === "planned" || state === "confirmed";
  const isOver = state === "done" || state === "missed";
  return (
    <section className="card visit-card" aria-labelledby={`visit-${visit.id}`}>
      <h2 className="card-heading" id={`visit-${visit.id}`}>
        {clockIn(visit.start, zone)}–{clockIn(visit.end, zone)}{" "}
        <span className="dim">{t(`visits.states.${state}`)}</span>
      </h2>
      {!isOver && (
        <>
          {own.contact && <p className="strong">{own.contact}</p>}
          {own.address && (
            <p>
              <IconMapPin size={15} aria-hidden /> {own.address}
            </p>
          )}
          {own.phones.map((phone) => (
            <p key={phone}>
              <a href={`tel:${phone}`}>
                <IconPhone size={15} aria-hidden /> {phone}
              </a>
            </p>
          ))}
        </>
      )}
      {works.map((work) => (
        <div key={work.number} className="visit-work">
          <p className="strong">
            #{work.number} {ticketTitle({ ...work, source: work.fault_mode ? "prediction" : "customer" }, names)}
          </p>
          <p className="dim">{[names.kind(work.kind), work.model, work.appliance_id].filter(Boolean).join(" · ")}</p>
          {!isOver && work.first_check && (
            <p>
              <span className="label">{t("visits.firstCheck")}</span> {work.first_check}
            </p>
          )}
          {!isOver && work.parts.length > 0 && (
            <p>
              <span className="label">{t("visits.bring")}</span>{" "}
              {work.parts
                .map((part) => `${part.name ?? part.sku} (${part.sku}, ${formatShare(part.probability, language)})`)
                .join(t("comma"))}
            </p>
          )}
        </div>
      ))}
      {visit.status === "done" && (
        <a href={`/api/v1/visits/${visit.id}/record.pdf?lang=${language}`}>{t("visits.pdf")}</a>
      )}
      <div className="visit-steps">
        {isBefore && <Button onClick={() => step("depart")}>{t("visits.steps.depart")}</Button>}
        {(isBefore || state === "on_the_way") && (
          <Button variant={isBefore ? "default" : "filled"} onClick={() => step("arrive")}>
            {t("visits.steps.arrive")}
          </Button>
        )}
        {!isOver && (
          <Button variant="subtle" color="red" onClick={() => step("miss")}>
            {t("visits.steps.miss")}
          </Button>
        )}
      </div>
      {state === "on_site" && (
        <RecordForm own={own} account={account} onSend={(body) => onStep("finish", { ...body, at: at() })} />
      )}
    </section>
  );
}

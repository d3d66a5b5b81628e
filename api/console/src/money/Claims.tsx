/** Claims to makers: opened when a repair is done, each with the steps that its state has. */
import { Button } from "@mantine/core";
import { useState } from "react";

import { type Claim, type MoneyPut, useClaims, useMoneyPut } from "../api/money";
import { FieldsDialog } from "../app/FieldsDialog";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { dayIn } from "../words/days";
import { now } from "../words/now";
import { Amount, Enter, newId, TicketLink } from "./Amount";

type State = Claim["status"];
/** As the API has it: a step that stands nowhere here is refused there. */
const NEXT: Record<State, State[]> = {
  opened: ["sent"],
  sent: ["accepted", "declined"],
  declined: ["sent"],
  accepted: ["paid"],
  paid: [],
};

export function Claims({ mayKeep }: { mayKeep: boolean }) {
  const { t } = useWords();
  const pages = useClaims();
  const [open, setOpen] = useState(false);
  const [step, take] = useState<{ claim: Claim; to: State } | null>(null);
  return (
    <>
      {mayKeep && <Enter label={t("money.newClaim")} onEnter={() => setOpen(true)} />}
      <Paged
        name={t("money.tabs.claims")}
        pages={pages}
        columns={[
          ...["number", "ticket", "maker", "part", "claimed", "state", "accepted", "paidOn", "by"].map((one) =>
            t(`money.columns.${one}`),
          ),
          "",
        ]}
        empty={<p className="card dim">{t("money.none.claims")}</p>}
        row={(one) => ({
          key: one.external_id,
          cells: [
            one.external_id,
            <TicketLink key="t" number={one.ticket_number} />,
            one.maker,
            one.serial ? `${one.sku} · ${one.serial}` : one.sku,
            <Amount key="c" of={one.claimed} currency={one.currency} />,
            t(`money.states.${one.status}`),
            <Amount key="a" of={one.accepted} currency={one.currency} />,
            one.paid_on ?? t("none"),
            one.recorded_by,
            mayKeep && (
              <span key="b" className="numbers">
                {NEXT[one.status].map((to) => (
                  <Button key={to} size="compact-xs" variant="default" onClick={() => take({ claim: one, to })}>
                    {t(`money.states.${to}`)}
                  </Button>
                ))}
              </span>
            ),
          ],
        })}
      />
      {open && <OpenClaim onClose={() => setOpen(false)} />}
      {step && <StepClaim claim={step.claim} to={step.to} onClose={() => take(null)} />}
    </>
  );
}

function OpenClaim({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const put = useMoneyPut();
  const needed = (name: string, start = "") => ({ name, label: t(`money.columns.${name}`), isNeeded: true, start });
  return (
    <FieldsDialog
      title={t("money.newClaim")}
      onClose={onClose}
      fields={[
        needed("ticket"),
        needed("maker"),
        needed("part"),
        { name: "serial", label: t("money.columns.serial") },
        needed("claimed"),
        needed("currency", "EUR"),
        { name: "note", label: t("money.columns.note") },
        needed("number", newId("C")),
      ]}
      send={(typed) =>
        put(typed.number ?? "", {
          claim: {
            ticket: (typed.ticket ?? "").replace("#", ""),
            maker: typed.maker ?? "",
            sku: typed.part ?? "",
            serial: typed.serial ?? null,
            claimed: typed.claimed ?? "",
            currency: typed.currency ?? "",
            status: "opened",
            note: typed.note ?? null,
          },
        })
      }
    />
  );
}

function StepClaim({ claim, to, onClose }: { claim: Claim; to: State; onClose: () => void }) {
  const { t } = useWords();
  const put = useMoneyPut();
  const { external_id: id, ticket_number: ticket } = claim;
  const said = { maker: claim.maker, sku: claim.sku, serial: claim.serial, claimed: claim.claimed };
  const fields = [
    ...(to === "accepted"
      ? [{ name: "accepted", label: t("money.columns.accepted"), start: claim.claimed, isNeeded: true }]
      : []),
    ...(to === "paid"
      ? [
          {
            name: "paid_on",
            label: t("money.columns.paidOn"),
            kind: "day" as const,
            start: dayIn(now()),
            isNeeded: true,
          },
        ]
      : []),
    { name: "note", label: t("money.columns.note"), start: claim.note ?? "" },
  ];
  return (
    <FieldsDialog
      title={`${id} · ${t(`money.states.${to}`)}`}
      onClose={onClose}
      fields={fields}
      send={(typed) => {
        const body: MoneyPut = {
          claim: {
            ...said,
            ticket: String(ticket),
            currency: claim.currency,
            status: to,
            accepted: typed.accepted ?? claim.accepted,
            paid_on: typed.paid_on ?? null,
            note: typed.note ?? null,
          },
        };
        return put(id, body);
      }}
    />
  );
}

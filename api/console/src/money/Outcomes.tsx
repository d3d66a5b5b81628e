/** Appliances that were traded in or recycled, with their proof. */
import { useState } from "react";

import { useMoneyPut, useOutcomes } from "../api/money";
import { FieldsDialog } from "../app/FieldsDialog";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { dayIn } from "../words/days";
import { now } from "../words/now";
import { Amount, Enter, newId, TicketLink } from "./Amount";

export function Outcomes() {
  const { t } = useWords();
  const pages = useOutcomes();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Enter label={t("money.newOutcome")} onEnter={() => setOpen(true)} />
      <Paged
        name={t("money.tabs.outcomes")}
        pages={pages}
        columns={["ticket", "what", "value", "fee", "record", "carrier", "day", "by"].map((one) =>
          t(`money.columns.${one}`),
        )}
        empty={<p className="card dim">{t("money.none.outcomes")}</p>}
        row={(one) => ({
          key: one.external_id,
          cells: [
            <TicketLink key="t" number={one.ticket_number} />,
            t(`money.kinds.${one.kind}`),
            <Amount key="v" of={one.value} currency={one.currency} />,
            <Amount key="f" of={one.fee} currency={one.currency} />,
            one.record ?? t("none"),
            one.carrier ?? t("none"),
            one.done_on,
            one.recorded_by,
          ],
        })}
      />
      {isOpen && <NewOutcome onClose={() => setOpen(false)} />}
    </>
  );
}

function NewOutcome({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const put = useMoneyPut();
  const label = (name: string) => t(`money.columns.${name}`);
  return (
    <FieldsDialog
      title={t("money.newOutcome")}
      onClose={onClose}
      fields={[
        { name: "ticket", label: label("ticket"), isNeeded: true },
        {
          name: "kind",
          label: label("what"),
          choices: [
            ["trade_in", t("money.kinds.trade_in")],
            ["recycled", t("money.kinds.recycled")],
          ],
        },
        { name: "value", label: label("value"), hint: t("money.hints.value"), start: "0" },
        { name: "fee", label: label("fee"), hint: t("money.hints.fee"), start: "0" },
        { name: "currency", label: label("currency"), start: "EUR", isNeeded: true },
        { name: "record", label: label("record"), hint: t("money.hints.record") },
        { name: "carrier", label: label("carrier") },
        { name: "done_on", label: label("day"), kind: "day", start: dayIn(now()), isNeeded: true },
      ]}
      send={(typed) =>
        put(newId("O"), {
          outcome: {
            ticket: (typed.ticket ?? "").replace("#", ""),
            kind: typed.kind === "recycled" ? "recycled" : "trade_in",
            currency: typed.currency ?? "",
            value: typed.value ?? "0",
            fee: typed.fee ?? "0",
            record: typed.record ?? null,
            carrier: typed.carrier ?? null,
            done_on: typed.done_on ?? "",
          },
        })
      }
    />
  );
}

/** Receipts, and what is given back of them. */
import { Button } from "@mantine/core";
import { useState } from "react";

import { REASONS, type Receipt, useCredits, useMoneyPut, useReceipts } from "../api/money";
import { FieldsDialog } from "../app/FieldsDialog";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";
import { Amount, newId, TicketLink } from "./Amount";

export function Receipts() {
  const { t } = useWords();
  const pages = useReceipts();
  const [given, give] = useState<Receipt | null>(null);
  return (
    <>
      <Paged
        name={t("money.tabs.receipts")}
        pages={pages}
        columns={[
          ...["ticket", "when", "payer", "net", "tax", "total", "toPay", "invoices"].map((one) =>
            t(`money.columns.${one}`),
          ),
          "",
        ]}
        empty={<p className="card dim">{t("money.none.receipts")}</p>}
        row={(one) => ({
          key: one.id,
          cells: [
            <TicketLink key="t" number={one.ticket_number} />,
            <Moment key="w" at={one.at} />,
            t(`money.payers.${one.payer}`),
            <Amount key="n" of={one.net} currency={one.currency} />,
            <Amount key="x" of={one.tax} currency={one.currency} />,
            <Amount key="s" of={one.total} currency={one.currency} />,
            <Amount key="p" of={one.to_pay} currency={one.currency} />,
            one.invoices.join(t("comma")) || t("none"),
            <Button key="b" size="compact-xs" variant="default" onClick={() => give(one)}>
              {t("money.giveBack")}
            </Button>,
          ],
        })}
      />
      {given && <GiveBack receipt={given} onClose={() => give(null)} />}
    </>
  );
}

export function Credits() {
  const { t } = useWords();
  const pages = useCredits();
  return (
    <Paged
      name={t("money.tabs.credits")}
      pages={pages}
      columns={["number", "ticket", "when", "payer", "why", "net", "tax", "total", "paidOn", "by"].map((one) =>
        t(`money.columns.${one}`),
      )}
      empty={<p className="card dim">{t("money.none.credits")}</p>}
      row={(one) => ({
        key: one.external_id,
        cells: [
          one.external_id,
          <TicketLink key="t" number={one.ticket_number} />,
          <Moment key="w" at={one.at} />,
          t(`money.payers.${one.payer}`),
          t(`money.reasons.${one.reason}`),
          <Amount key="n" of={one.net} currency={one.currency} />,
          <Amount key="x" of={one.tax} currency={one.currency} />,
          <Amount key="s" of={one.total} currency={one.currency} />,
          one.paid_on ?? t("none"),
          one.recorded_by,
        ],
      })}
    />
  );
}

function GiveBack({ receipt, onClose }: { receipt: Receipt; onClose: () => void }) {
  const { t } = useWords();
  const put = useMoneyPut();
  const payer = Number(receipt.to_pay) > 0 ? "customer" : receipt.payer;
  return (
    <FieldsDialog
      title={`${t("money.giveBack")} · #${receipt.ticket_number}`}
      onClose={onClose}
      fields={[
        { name: "total", label: `${t("money.columns.total")} (${receipt.currency})`, isNeeded: true },
        {
          name: "reason",
          label: t("money.columns.why"),
          choices: REASONS.map((one) => [one, t(`money.reasons.${one}`)]),
        },
        { name: "note", label: t("money.columns.note") },
        { name: "id", label: t("money.columns.number"), start: newId("G"), isNeeded: true },
      ]}
      send={(typed) =>
        put(typed.id ?? "", {
          credit: {
            receipt_id: receipt.id,
            total: typed.total ?? "",
            reason: REASONS.find((one) => one === typed.reason) ?? "goodwill",
            payer,
            note: typed.note ?? null,
          },
        })
      }
    />
  );
}

/** Invoices of the books and of providers, held against what was counted. */
import { Button } from "@mantine/core";
import { useState } from "react";

import { type Invoice, useInvoices, useMoneyPut } from "../api/money";
import { FieldsDialog } from "../app/FieldsDialog";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { dayIn } from "../words/days";
import { now } from "../words/now";
import { Amount } from "./Amount";

export function Invoices() {
  const { t } = useWords();
  const pages = useInvoices();
  const [paid, pay] = useState<Invoice | null>(null);
  return (
    <>
      <Paged
        name={t("money.tabs.invoices")}
        pages={pages}
        columns={[
          ...["number", "issuedOn", "of", "amount", "difference", "tax", "taxDifference", "dueOn", "paidOn"].map(
            (one) => t(`money.columns.${one}`),
          ),
          "",
        ]}
        empty={<p className="card dim">{t("money.none.invoices")}</p>}
        row={(one) => ({
          key: one.external_id,
          cells: [
            one.number,
            one.issued_on,
            one.provider_id ? `${t("money.provider")} ${one.start} – ${one.end}` : t(`money.payers.${one.payer}`),
            <Amount key="a" of={one.amount} currency={one.currency} />,
            <Difference key="d" of={one.difference} currency={one.currency} />,
            <Amount key="x" of={one.tax} currency={one.currency} />,
            <Difference key="y" of={one.tax_difference} currency={one.currency} />,
            one.due_on ?? t("none"),
            one.paid_on ?? t("none"),
            !one.paid_on && (
              <Button key="b" size="compact-xs" variant="default" onClick={() => pay(one)}>
                {t("money.isPaid")}
              </Button>
            ),
          ],
        })}
      />
      {paid && <PaidOn invoice={paid} onClose={() => pay(null)} />}
    </>
  );
}

/** Loud where it isn't zero. */
function Difference({ of, currency }: { of: string | null; currency: string }) {
  const isLoud = of !== null && Number(of) !== 0;
  return (
    <span className={isLoud ? "mark warn" : ""}>
      <Amount of={of} currency={currency} />
    </span>
  );
}

function PaidOn({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const { t } = useWords();
  const put = useMoneyPut();
  const { external_id: id, expected: _e, difference: _d, expected_tax: _x, tax_difference: _t, ...said } = invoice;
  return (
    <FieldsDialog
      title={`${invoice.number} · ${t("money.isPaid")}`}
      onClose={onClose}
      fields={[{ name: "paid_on", label: t("money.columns.paidOn"), kind: "day", start: dayIn(now()), isNeeded: true }]}
      send={(typed) => put(id, { invoice: { ...said, paid_on: typed.paid_on ?? null } })}
    />
  );
}

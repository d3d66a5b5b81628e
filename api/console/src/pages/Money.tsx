/** Money: what was charged and given back, what makers are asked for, what became of appliances, the books' invoices, and taxes. */
import { useAccount } from "../api/account";
import { mayDo } from "../api/roles";
import { Choice, useChosen } from "../app/Choice";
import { useWords } from "../i18n";
import { Claims } from "../money/Claims";
import { Credits, Receipts } from "../money/Credits";
import { Invoices } from "../money/Invoices";
import { Outcomes } from "../money/Outcomes";
import { Taxes } from "../money/Taxes";

const SHOWN = {
  receipts: Receipts,
  credits: Credits,
  claims: Claims,
  outcomes: Outcomes,
  invoices: Invoices,
  taxes: Taxes,
};

export function Money() {
  const { t } = useWords();
  const mayKeep = mayDo(useAccount().data?.role, "manager");
  const names = (Object.keys(SHOWN) as (keyof typeof SHOWN)[]).filter(
    (one) => mayKeep || !["receipts", "credits", "invoices"].includes(one),
  );
  const tabs: [string, string][] = names.map((one) => [one, t(`money.tabs.${one}`)]);
  const start = mayKeep ? "receipts" : "claims";
  const tab = useChosen("tab", tabs, start) as keyof typeof SHOWN;
  const Shown = SHOWN[tab];
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("nav.money")}</h1>
        <Choice name="tab" label={t("nav.money")} values={tabs} start={start} />
      </div>
      <Shown key={tab} mayKeep={mayKeep} />
    </div>
  );
}

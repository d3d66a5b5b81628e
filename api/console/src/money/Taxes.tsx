/** Tax rates by region and days. */
import { Button } from "@mantine/core";
import { useState } from "react";

import { type Tax, useMoneyPut, useTaxes } from "../api/money";
import { FieldsDialog } from "../app/FieldsDialog";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { dayIn } from "../words/days";
import { now } from "../words/now";
import { Enter } from "./Amount";

export function Taxes({ mayKeep }: { mayKeep: boolean }) {
  const { t } = useWords();
  const taxes = useTaxes().data?.items ?? [];
  const [written, write] = useState<Tax | "new" | null>(null);
  return (
    <>
      {mayKeep && <Enter label={t("money.newTax")} onEnter={() => write("new")} />}
      <Card id="taxes" title={t("money.tabs.taxes")}>
        <p className="dim">{t("money.taxHint")}</p>
        <Listing
          isMain
          name={t("money.tabs.taxes")}
          columns={[
            ...["number", "rateOf", "region", "percent", "included", "from", "until"].map((one) =>
              t(`money.columns.${one}`),
            ),
            "",
          ]}
          empty={t("money.none.taxes")}
          rows={taxes.map((one) => ({
            key: one.external_id,
            cells: [
              one.external_id,
              one.tax === "standard" ? t("money.standard") : one.tax,
              one.region ?? t("people.everywhere"),
              `${one.percent} %`,
              t(one.is_included ? "money.yes" : "money.no"),
              one.valid_from,
              one.valid_to ?? t("none"),
              mayKeep && (
                <Button key="b" size="compact-xs" variant="default" onClick={() => write(one)}>
                  {t("people.change")}
                </Button>
              ),
            ],
          }))}
        />
      </Card>
      {written && <WriteTax seen={written === "new" ? null : written} onClose={() => write(null)} />}
    </>
  );
}

function WriteTax({ seen, onClose }: { seen: Tax | null; onClose: () => void }) {
  const { t } = useWords();
  const put = useMoneyPut();
  const label = (name: string) => t(`money.columns.${name}`);
  return (
    <FieldsDialog
      title={seen ? seen.external_id : t("money.newTax")}
      onClose={onClose}
      fields={[
        { name: "id", label: label("number"), start: seen?.external_id, isNeeded: true, isFixed: seen !== null },
        { name: "tax", label: label("rateOf"), start: seen?.tax ?? "standard", isNeeded: true },
        { name: "region", label: label("region"), start: seen?.region ?? "" },
        { name: "percent", label: label("percent"), start: seen?.percent, isNeeded: true },
        { name: "is_included", label: label("included"), kind: "check", start: seen?.is_included ? "yes" : "" },
        {
          name: "valid_from",
          label: label("from"),
          kind: "day",
          start: seen?.valid_from ?? dayIn(now()),
          isNeeded: true,
        },
        { name: "valid_to", label: label("until"), kind: "day", start: seen?.valid_to ?? "" },
      ]}
      send={(typed) =>
        put(typed.id ?? "", {
          tax: {
            tax: typed.tax ?? "standard",
            region: typed.region ?? null,
            percent: typed.percent ?? "",
            is_included: typed.is_included === "yes",
            valid_from: typed.valid_from ?? "",
            valid_to: typed.valid_to ?? null,
          },
        })
      }
    />
  );
}

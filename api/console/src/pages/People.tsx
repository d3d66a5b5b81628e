/** Who goes to homes: technicians with skills, licences and shifts, whom they work for, when they are away, what is in their van. */
import { Button } from "@mantine/core";
import { Fragment, useState } from "react";
import { useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { useProviders, useTechnicians } from "../api/crew";
import { mayDo } from "../api/roles";
import type { Provider, Technician } from "../api/types";
import { useActions } from "../app/keys";
import { Card, Listing } from "../app/Listing";
import { Paged } from "../app/Paged";
import { SearchField } from "../app/SearchField";
import { useWords } from "../i18n";
import { AbsenceCard } from "../people/AbsenceCard";
import { skillsText } from "../people/plain";
import { Training } from "../people/Training";
import { WriteProvider } from "../people/WriteProvider";
import { WriteTechnician } from "../people/WriteTechnician";
import { dayIn } from "../words/days";
import { useNames } from "../words/names";
import { now } from "../words/now";

export function People() {
  const { t } = useWords();
  const names = useNames();
  const [search] = useSearchParams();
  const q = search.get("q") ?? "";
  const role = useAccount().data?.role;
  const [mayWrite, mayPlan] = [mayDo(role, "manager"), mayDo(role, "dispatcher")];
  const pages = useTechnicians(q);
  const providers = useProviders().data?.items ?? [];
  const [written, write] = useState<Technician | "new" | null>(null);
  const [company, writeCompany] = useState<Provider | "new" | null>(null);
  const [shown, show] = useState<Technician | null>(null);
  useActions([mayWrite && { label: t("people.new"), keys: ["n"], act: () => write("new") }]);
  const providerOf = (id: string | null) => providers.find((one) => one.id === id)?.name ?? t("people.us");
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("nav.people")}</h1>
        <SearchField name="q" label={t("people.find")} />
        {mayWrite && (
          <Button size="xs" className="push" onClick={() => write("new")}>
            {t("people.new")}
          </Button>
        )}
      </div>
      {shown && <AbsenceCard key={shown.id} technician={shown} mayPlan={mayPlan} onClose={() => show(null)} />}
      <Paged
        name={t("people.technicians")}
        pages={pages}
        columns={[
          ...["name", "for", "skills", "licences", "shifts", "areas"].map((one) => t(`people.columns.${one}`)),
          "",
        ]}
        empty={<p className="card dim">{t(q ? "people.noneFound" : "people.none")}</p>}
        row={(one) => ({
          key: one.id,
          cells: [
            <span key="n" className={one.is_active ? "strong" : "dim"}>
              {one.name}
              {!one.is_active && ` (${t("people.inactive")})`}
            </span>,
            providerOf(one.provider_id),
            Object.entries(one.skills)
              .map(
                ([name, level]) =>
                  `${names.kinds().includes(name) ? names.kind(name) : names.component(name)} ${level}`,
              )
              .join(t("comma")) || t("none"),
            <Licences key="l" technician={one} />,
            `${one.shifts} · ${one.time_zone}`,
            one.areas.map(names.region).join(t("comma")) || t("people.everywhere"),
            <span key="b" className="numbers">
              <Button size="compact-xs" variant="default" onClick={() => show(one)}>
                {t("people.away")}
              </Button>
              {mayWrite && (
                <Button size="compact-xs" variant="default" onClick={() => write(one)}>
                  {t("people.change")}
                </Button>
              )}
            </span>,
          ],
        })}
      />
      <Card id="providers" title={t("people.providers")}>
        {mayWrite && (
          <p>
            <Button size="compact-xs" variant="default" onClick={() => writeCompany("new")}>
              {t("people.newProvider")}
            </Button>
          </p>
        )}
        <Listing
          name={t("people.providers")}
          columns={[...["name", "areas", "skills", "fees", "answer"].map((one) => t(`people.columns.${one}`)), ""]}
          empty={t("people.noProviders")}
          rows={providers.map((one) => ({
            key: one.id,
            cells: [
              one.is_active ? one.name : `${one.name} (${t("people.inactive")})`,
              one.areas.map(names.region).join(t("comma")) || t("people.everywhere"),
              skillsText(one.skills) || t("none"),
              Object.entries(one.fees)
                .map(
                  ([what, fee]) =>
                    `${t(`people.feeNames.${what}`, { defaultValue: names.kind(what) })} ${fee} ${one.currency}`,
                )
                .join(t("comma")) || t("none"),
              t("people.hours", { count: one.answer_within_h }),
              mayWrite && (
                <Button key="b" size="compact-xs" variant="default" onClick={() => writeCompany(one)}>
                  {t("people.change")}
                </Button>
              ),
            ],
          }))}
        />
      </Card>
      <Training isOwn={!mayWrite} />
      {company && <WriteProvider provider={company === "new" ? null : company} onClose={() => writeCompany(null)} />}
      {written && (
        <WriteTechnician
          technician={written === "new" ? null : written}
          providers={providers}
          onClose={() => write(null)}
        />
      )}
    </div>
  );
}

/** Each with its last day; one that is over, or will be within a month, says so in words. */
function Licences({ technician }: { technician: Technician }) {
  const { t } = useWords();
  const today = dayIn(now(), technician.time_zone);
  const soon = dayIn(now() + 30 * 86_400_000, technician.time_zone);
  if (technician.licences.length === 0) return <>{t("none")}</>;
  return (
    <>
      {technician.licences.map((one) => {
        const isOver = one.expires_on !== null && one.expires_on < today;
        const isSoon = one.expires_on !== null && !isOver && one.expires_on <= soon;
        const word = isOver ? t("people.over") : isSoon ? t("people.soon") : "";
        return (
          <Fragment key={one.name}>
            <span className={isOver ? "mark bad" : isSoon ? "mark warn" : "mark calm"}>
              {t(`people.licences.${one.name}`, { defaultValue: one.name })} {one.expires_on ?? ""} {word}
            </span>{" "}
          </Fragment>
        );
      })}
    </>
  );
}

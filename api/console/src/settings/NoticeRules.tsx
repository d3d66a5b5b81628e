/** Who is told what, by the rules' file; a dry run says who would have been told of the last days. */
import { Button } from "@mantine/core";

import { useDryRun, useRules } from "../api/settings";
import { Card, Listing } from "../app/Listing";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { plainName } from "../words/format";
import { Moment } from "../words/Moment";
import { useNames } from "../words/names";

/** As docs/rules.md has them; the API hands the rules out as they stand in their file. */
interface Rules {
  notices: {
    name: string;
    types: string[];
    priorities: number[];
    severity_at_least: number;
    regions: string[];
    kinds: string[];
    hours: string | null;
    at_once: boolean;
    roles: string[];
    teams: string[];
    people: string[];
    addressed: boolean;
  }[];
  people: Record<string, { role: string | null; teams: string[]; regions: string[]; quiet: string | null }>;
}

export function NoticeRules() {
  const { t } = useWords();
  const names = useNames();
  const roleName = (role: string) => t(`roles.${role}`, { defaultValue: role });
  const typeName = (type: string) =>
    t(`notices.types.${type.replaceAll(".", "_")}`, { defaultValue: plainName(type.replaceAll(".", " ")) });
  const rules = useRules().data as unknown as Rules | undefined;
  const trial = useDryRun();
  if (!rules) return null;
  const people = Object.entries(rules.people);
  return (
    <>
      <Card
        id="notice-rules"
        title={
          <>
            {t("rules.title")}
            <Button size="xs" className="push" loading={trial.isPending} onClick={() => trial.mutate()}>
              {t("rules.dryRun")}
            </Button>
          </>
        }
      >
        <p className="dim">{t("rules.text")}</p>
        <Listing
          name={t("rules.title")}
          columns={["rule", "of", "tells", "when"].map((one) => t(`rules.columns.${one}`))}
          empty={t("rules.none")}
          rows={rules.notices.map((one) => ({
            key: one.name,
            cells: [
              one.name,
              [
                ...one.types.map(typeName),
                ...one.priorities.map((priority) => `P${priority}`),
                one.severity_at_least > 0 && `≥ ${one.severity_at_least}`,
                ...one.regions.map(names.region),
                ...one.kinds.map(names.kind),
              ]
                .filter(Boolean)
                .join(" · ") || t("rules.everything"),
              [...one.roles.map(roleName), ...one.teams, ...one.people, one.addressed && t("rules.addressed")]
                .filter(Boolean)
                .join(" · "),
              [one.hours ?? t("rules.always"), one.at_once && t("rules.atOnce")].filter(Boolean).join(" · "),
            ],
          }))}
        />
      </Card>
      <CallFailed error={trial.error} />
      {trial.data && (
        <Card id="trial" title={t("rules.trial")}>
          <p role="status">
            {t("rules.found", { count: trial.data.notices })}{" "}
            <span className={trial.data.untold > 0 ? "bad-text" : "good-text"}>
              {t("rules.untold", { count: trial.data.untold })}
            </span>
          </p>
          <Listing
            name={t("rules.trial")}
            columns={["person", "messages", "notices", "first"].map((one) => t(`rules.columns.${one}`))}
            empty={t("rules.nobody")}
            rows={trial.data.people.map((one) => ({
              key: one.person,
              cells: [
                one.person,
                one.message_count,
                one.notices,
                one.messages[0] ? <Moment key="f" at={one.messages[0].at} /> : t("none"),
              ],
            }))}
          />
        </Card>
      )}
      <Card id="people" title={t("rules.people")}>
        <Listing
          name={t("rules.people")}
          columns={["person", "role", "teams", "regions", "quiet"].map((one) => t(`rules.columns.${one}`))}
          empty={t("rules.nobody")}
          rows={people.map(([name, one]) => ({
            key: name,
            cells: [
              name,
              one.role ? roleName(one.role) : t("none"),
              one.teams.join(" · ") || t("none"),
              one.regions.map(names.region).join(" · ") || t("all"),
              one.quiet ?? t("none"),
            ],
          }))}
        />
      </Card>
    </>
  );
}

/** When work is done where: hours, holidays, and the days ahead. */
import { useCalendars } from "../api/settings";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { useNames } from "../words/names";

export function Calendars() {
  const { t, language } = useWords();
  const names = useNames();
  const calendars = useCalendars().data?.items;
  if (!calendars) return null;
  const dayOf = new Intl.DateTimeFormat(language, {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  return (
    <>
      {calendars.length === 0 && (
        <Card id="calendars" title={t("settings.tabs.calendars")}>
          <p className="dim">{t("rules.noCalendars")}</p>
        </Card>
      )}
      {calendars.map((one) => (
        <Card
          key={one.name}
          id={`calendar-${one.name}`}
          title={
            <>
              {one.name}{" "}
              <span className={`mark ${one.is_open ? "good" : ""}`}>
                {t(one.is_open ? "rules.open" : "rules.closed")}
              </span>
            </>
          }
        >
          <dl className="pairs">
            <div>
              <dt>{t("rules.zone")}</dt>
              <dd>{one.timezone}</dd>
            </div>
            <div>
              <dt>{t("rules.week")}</dt>
              <dd>{one.week}</dd>
            </div>
            <div>
              <dt>{t("rules.holidays")}</dt>
              <dd>{one.holidays ?? t("none")}</dd>
            </div>
            <div>
              <dt>{t("rules.columns.regions")}</dt>
              <dd>{one.regions.map(names.region).join(" · ") || t("all")}</dd>
            </div>
            <div>
              <dt>{t("rules.policies")}</dt>
              <dd>{one.policies.join(" · ") || t("none")}</dd>
            </div>
          </dl>
          <Listing
            name={t("rules.ahead")}
            columns={["day", "hours"].map((column) => t(`rules.columns.${column}`))}
            empty={t("none")}
            rows={one.days.map((day) => ({
              key: day.day,
              cells: [
                dayOf.format(new Date(`${day.day}T00:00:00Z`)),
                day.hours.map(([from, to]) => `${from}–${to}`).join(" · ") || (
                  <span key="c" className="dim">
                    {day.holiday ? t("rules.holiday", { name: day.holiday }) : t("rules.closed")}
                  </span>
                ),
              ],
            }))}
          />
        </Card>
      ))}
    </>
  );
}

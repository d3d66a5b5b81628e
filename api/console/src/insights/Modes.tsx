/** Fault modes against their budget of visits in vain: those that are only watched come first, with the way back. */
import { useModes } from "../api/insights";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatNumber, formatShare } from "../words/format";
import { Moment } from "../words/Moment";
import { useNames } from "../words/names";

export function Modes() {
  const { t, language } = useWords();
  const names = useNames();
  const modes = useModes().data?.items;
  if (!modes) return null;
  const share = (value: number) => formatShare(value, language);
  return (
    <Card id="modes" title={t("insights.modes.title")}>
      <Listing
        name={t("insights.modes.title")}
        columns={["fault", "state", "visits", "share", "budget", "remote", "rule"].map((one) =>
          t(`insights.modes.${one}`),
        )}
        empty={t("insights.modes.none")}
        rows={modes.map((one) => ({
          key: `${one.kind} ${one.model} ${one.fault_mode}`,
          cells: [
            <span key="f">
              {names.fault(one.kind, one.fault_mode)} <span className="dim">{one.model || names.kind(one.kind)}</span>
            </span>,
            <span key="s" className={`mark ${one.state === "watch" ? "warn" : "good"}`}>
              {t(`insights.modes.states.${one.state}`)}
            </span>,
            t("insights.modes.inVain", {
              vain: formatNumber(one.in_vain, language),
              visits: formatNumber(one.visits, language),
            }),
            `${share(one.low)}–${share(one.high)}`,
            share(one.budget),
            t("insights.modes.solved", {
              solved: formatNumber(one.remote_solved, language),
              tried: formatNumber(one.remote_tried, language),
            }),
            <span key="r" className="dim">
              {one.rule}{" "}
              {one.back_at_earliest && (
                <>
                  {t("insights.modes.back")} <Moment at={one.back_at_earliest} as="day" />
                </>
              )}
            </span>,
          ],
        }))}
      />
    </Card>
  );
}

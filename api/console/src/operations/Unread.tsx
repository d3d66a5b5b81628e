/** Devices that were heard, and what of them is not read. */
import { Link } from "react-router";

import { useDevices } from "../api/operations";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { Moment } from "../words/Moment";

export function Unread() {
  const { t, language } = useWords();
  const told = useDevices().data;
  return (
    <Card id="unread" title={t("operations.devices")}>
      <Listing
        name={t("operations.devices")}
        columns={["device", "appliance", "readings", "leftOut", "seen"].map((one) => t(`operations.columns.${one}`))}
        empty={t("operations.noDevices")}
        rows={(told?.devices ?? []).map((one) => ({
          key: `${one.convention} ${one.name}`,
          cells: [
            <span key="n">
              {one.name} <span className="dim">{one.convention}</span>
            </span>,
            <Link key="a" to={`/appliances/${encodeURIComponent(one.appliance_id)}`}>
              {one.appliance_id}
            </Link>,
            formatNumber(one.readings, language),
            <span key="o">
              {one.left_out.map((left) => (
                <q key={left.what}>
                  {left.what}: {left.reason}
                </q>
              ))}
              {one.advice.map((words) => (
                <q key={words}>{words}</q>
              ))}
            </span>,
            <Moment key="t" at={one.last_seen_at} as="ago" />,
          ],
        }))}
      />
      {told && told.unread_topics.length > 0 && (
        <ul className="letters">
          {told.unread_topics.map((one) => (
            <li key={one.topic}>
              <code>{one.topic}</code> {one.sentence}
            </li>
          ))}
        </ul>
      )}
      {told && told.unheard.length > 0 && (
        <ul className="letters">
          {told.unheard.map((one) => (
            <li key={one.name}>
              <code>{one.name}</code> {one.sentence}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

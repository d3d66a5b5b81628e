/** Stock: what lies in depots and vans and what of it is kept for tickets, what must be ordered, orders, and the ledger. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import { useAccount } from "../api/account";
import { mayDo } from "../api/roles";
import {
  type StockCall,
  useKept,
  useLevels,
  useMovements,
  useNeeds,
  useOrders,
  usePlaces,
  useStockCall,
} from "../api/stock";
import { Choice, useChosen } from "../app/Choice";
import { useActions } from "../app/keys";
import { Card, Listing } from "../app/Listing";
import { CallFailed } from "../app/Notice";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { MoveDialog, type MoveStart } from "../stock/MoveDialog";
import { WritePlace } from "../stock/WritePlace";
import { formatNumber, formatShare } from "../words/format";
import { Moment } from "../words/Moment";

const TABS = ["levels", "reserved", "needs", "orders", "movements"] as const;

export function Stock() {
  const { t } = useWords();
  const tabs: [string, string][] = TABS.map((one) => [one, t(`stock.tabs.${one}`)]);
  const tab = useChosen("tab", tabs, "levels");
  const role = useAccount().data?.role;
  const [moved, move] = useState<MoveStart | null>(null);
  const [isPlacing, setPlacing] = useState(false);
  const mayPlace = mayDo(role, "manager");
  const mayMove = mayDo(role, "technician");
  useActions([mayMove && { label: t("stock.move"), keys: ["m"], act: () => move({ kind: "received" }) }]);
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("nav.stock")}</h1>
        <Choice name="tab" label={t("nav.stock")} values={tabs} start="levels" />
        {mayPlace && (
          <Button size="xs" variant="default" className="push" onClick={() => setPlacing(true)}>
            {t("stock.newPlace")}
          </Button>
        )}
        {mayMove && (
          <Button size="xs" className={mayPlace ? "" : "push"} onClick={() => move({ kind: "received" })}>
            {t("stock.move")}
          </Button>
        )}
      </div>
      {tab === "levels" && <Levels onMove={mayMove ? move : undefined} />}
      {tab === "reserved" && <Reserved />}
      {tab === "needs" && <Needs onOrder={mayDo(role, "manager") ? move : undefined} />}
      {tab === "orders" && <Orders mayReceive={mayMove} mayCancel={mayDo(role, "manager")} />}
      {tab === "movements" && <Movements />}
      {isPlacing && <WritePlace onClose={() => setPlacing(false)} />}
      {moved && <MoveDialog start={moved} onClose={() => move(null)} />}
    </div>
  );
}

function Levels({ onMove }: { onMove: ((start: MoveStart) => void) | undefined }) {
  const { t } = useWords();
  const places = usePlaces().data?.items ?? [];
  const levels = useLevels().data?.items ?? [];
  const columns = [...["sku", "onHand", "reserved", "free"].map((one) => t(`stock.columns.${one}`)), ""];
  if (places.length === 0) return <p className="card dim">{t("stock.noPlaces")}</p>;
  return (
    <>
      {places.map((place) => (
        <Card key={place.id} id={place.id} title={`${place.name} · ${t(`stock.kinds.${place.kind}`)}`}>
          <Listing
            name={place.name}
            columns={columns}
            empty={t("stock.nothing")}
            rows={levels
              .filter((one) => one.place_id === place.id)
              .map((one) => ({
                key: one.sku,
                cells: [
                  one.sku,
                  one.on_hand,
                  one.reserved,
                  one.free,
                  onMove && (
                    <Button
                      key="b"
                      size="compact-xs"
                      variant="default"
                      onClick={() => onMove({ kind: "transfer", sku: one.sku, place: place.id })}
                    >
                      {t("stock.transfer")}
                    </Button>
                  ),
                ],
              }))}
          />
        </Card>
      ))}
    </>
  );
}

function Needs({ onOrder }: { onOrder: ((start: MoveStart) => void) | undefined }) {
  const { t, language } = useWords();
  const needs = useNeeds().data?.items ?? [];
  return (
    <Card id="needs" title={t("stock.tabs.needs")}>
      <p className="dim">{t("stock.needsHint")}</p>
      <Listing
        isMain
        name={t("stock.tabs.needs")}
        columns={[
          ...["sku", "abc", "lead", "expected", "reorder", "free", "onOrder", "missing"].map((one) =>
            t(`stock.columns.${one}`),
          ),
          "",
        ]}
        empty={t("stock.noNeeds")}
        rows={needs.map((one) => ({
          key: one.sku,
          cells: [
            one.sku,
            one.abc,
            t("stock.leadDays", { count: one.lead_days }),
            formatNumber(one.expected, language),
            one.reorder_point,
            one.free,
            one.on_order,
            one.order > 0 ? <strong key="o">{one.order}</strong> : 0,
            onOrder && one.order > 0 && (
              <Button
                key="b"
                size="compact-xs"
                onClick={() => onOrder({ kind: "order", sku: one.sku, quantity: one.order })}
              >
                {t("stock.order")}
              </Button>
            ),
          ],
        }))}
      />
    </Card>
  );
}

function Orders({ mayReceive, mayCancel }: { mayReceive: boolean; mayCancel: boolean }) {
  const { t } = useWords();
  const orders = useOrders().data?.items ?? [];
  const placeName = usePlaceName();
  const call = useStockCall();
  const button = (asked: StockCall, words: string) => (
    <Button key={words} size="compact-xs" variant="default" onClick={() => call.mutate(asked)}>
      {words}
    </Button>
  );
  return (
    <Card id="orders" title={t("stock.tabs.orders")}>
      <CallFailed error={call.error} />
      <Listing
        isMain
        name={t("stock.tabs.orders")}
        columns={[
          ...["sku", "quantity", "place", "supplier", "state", "due", "by"].map((one) => t(`stock.columns.${one}`)),
          "",
        ]}
        empty={t("stock.noOrders")}
        rows={orders.map((one) => ({
          key: one.id,
          cells: [
            one.sku,
            one.quantity,
            placeName(one.place_id),
            one.supplier ?? t("none"),
            t(`stock.orderStates.${one.status}`),
            <Moment key="d" at={one.due_at} as="day" />,
            one.ordered_by,
            one.status === "ordered" && (
              <span key="b" className="numbers">
                {mayReceive && button({ receive: one.id }, t("stock.receive"))}
                {mayCancel && button({ cancel: one.id }, t("stock.callOff"))}
              </span>
            ),
          ],
        }))}
      />
    </Card>
  );
}

function Reserved() {
  const { t, language } = useWords();
  const pages = useKept();
  return (
    <Paged
      name={t("stock.tabs.reserved")}
      pages={pages}
      columns={["ticket", "sku", "quantity", "place", "probability", "when"].map((one) => t(`stock.columns.${one}`))}
      empty={<p className="card dim">{t("stock.noReserved")}</p>}
      row={(one) => ({
        key: one.id,
        cells: [
          <Link key="t" to={`/tickets/${one.number}`}>
            #{one.number}
          </Link>,
          one.sku,
          one.quantity,
          one.place,
          one.probability === null ? t("stock.byHand") : formatShare(one.probability, language),
          <Moment key="w" at={one.at} />,
        ],
      })}
    />
  );
}

function Movements() {
  const { t } = useWords();
  const pages = useMovements();
  const placeName = usePlaceName();
  return (
    <Paged
      name={t("stock.tabs.movements")}
      pages={pages}
      columns={["when", "what", "sku", "quantity", "place", "serial", "by"].map((one) => t(`stock.columns.${one}`))}
      empty={<p className="card dim">{t("stock.noMovements")}</p>}
      row={(one) => ({
        key: one.id,
        cells: [
          <Moment key="w" at={one.at} />,
          t(`stock.movementKinds.${one.kind}`),
          one.sku,
          one.quantity > 0 ? `+${one.quantity}` : `−${-one.quantity}`,
          placeName(one.place_id),
          one.serial ?? t("none"),
          one.recorded_by,
        ],
      })}
    />
  );
}

function usePlaceName(): (id: string) => string {
  const places = usePlaces().data?.items ?? [];
  return (id) => places.find((one) => one.id === id)?.name ?? id;
}

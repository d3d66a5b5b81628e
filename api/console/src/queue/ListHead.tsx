/** What stands above the list: views with their counts, the filter, the order, and by what else it is narrowed. */
import { IconFilter, IconX } from "@tabler/icons-react";
import { useMemo, useState } from "react";

import { useTicketTypes } from "../api/tickets";
import type { TicketRow } from "../api/types";
import { useWords } from "../i18n";
import { plainName } from "../words/format";
import { useNames } from "../words/names";
import { now } from "../words/now";
import { type Chosen, choicesOf, type Facet, FACETS, NONE } from "./facets";
import { type Order, ORDERS } from "./order";
import { countsOf, type View, VIEWS } from "./views";

type Change = (changes: Record<string, string | null>) => void;

interface ViewChipsProps {
  view: View;
  /** Every open ticket that the filters leave, or null while they are fetched. */
  open: TicketRow[] | null;
  me: string;
  change: Change;
  /** What stands behind the views that everybody has. */
  children?: React.ReactNode;
}

/** The views as chips, each with the number of tickets behind it. */
export function ViewChips({ view, open, me, change, children }: ViewChipsProps) {
  const { t } = useWords();
  const counts = useMemo(() => open && countsOf(open, me, now()), [open, me]);
  return (
    <div className="chips" role="group" aria-label={t("queue.title")}>
      {VIEWS.map((one) => (
        <button
          key={one}
          type="button"
          className="chip"
          aria-pressed={one === view}
          onClick={() => change({ view: one === "open" ? null : one, t: null })}
        >
          {t(`queue.views.${one}`)}
          {one !== "closed" && counts && <span className="count">{counts.get(one)}</span>}
        </button>
      ))}
      {children}
    </div>
  );
}

interface NarrowProps {
  tickets: TicketRow[];
  chosen: Chosen;
  order: Order;
  filter: React.ReactNode;
  change: Change;
}

/** The filter's field, the order, and a panel with the rest; what is chosen there stays in sight as chips. */
export function Narrow({ tickets, chosen, order, filter, change }: NarrowProps) {
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  const value = useFacetValue(isOpen || chosen.type !== undefined);
  const picked = FACETS.filter((facet) => chosen[facet] !== undefined);
  return (
    <div className="list-filter">
      <div className="list-tools">
        {filter}
        <select
          className="field"
          aria-label={t("queue.order")}
          value={order}
          onChange={(event) =>
            change({ sort: event.currentTarget.value === "next" ? null : event.currentTarget.value })
          }
        >
          {ORDERS.map((one) => (
            <option key={one} value={one}>
              {t(`queue.orders.${one}`)}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="field icon"
          aria-expanded={isOpen}
          aria-label={t("queue.narrow")}
          title={t("queue.narrow")}
          onClick={() => setOpen(!isOpen)}
        >
          <IconFilter size={16} />
        </button>
      </div>
      {isOpen && (
        <div className="facets">
          {FACETS.map((facet) => (
            <select
              key={facet}
              className="field"
              aria-label={t(`queue.facets.${facet}`)}
              value={chosen[facet] ?? ""}
              onChange={(event) => change({ [facet]: event.currentTarget.value || null, t: null })}
            >
              <option value="">{t(`queue.facets.${facet}`)}</option>
              {choicesOf(tickets, facet, now(), chosen[facet]).map(([choice, count]) => (
                <option key={choice} value={choice}>
                  {`${value(facet, choice)} (${count})`}
                </option>
              ))}
            </select>
          ))}
        </div>
      )}
      {picked.length > 0 && (
        <div className="picked">
          {picked.map((facet) => (
            <button key={facet} type="button" className="chip" onClick={() => change({ [facet]: null })}>
              {value(facet, chosen[facet] ?? "")} <IconX size={12} aria-label={t("queue.widen")} />
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** What a value of a facet is called. */
function useFacetValue(isAsked: boolean): (facet: Facet, value: string) => string {
  const { t, language } = useWords();
  const names = useNames();
  const types = useTicketTypes(language, isAsked).data?.items ?? [];
  return (facet, value) => {
    if (value === NONE) return t(`queue.without.${facet}`, { defaultValue: t("none") });
    if (facet === "type") return types.find((one) => one.name === value)?.label ?? plainName(value);
    if (facet === "kind") return names.kind(value);
    if (facet === "region") return names.region(value);
    if (facet === "fault") return names.anyFault(value);
    if (facet === "source") return t(`source.${value}`);
    if (facet === "priority") return t("ticket.priority", { priority: value });
    if (facet === "risk") return t(`queue.risks.${value}`);
    return value;
  };
}

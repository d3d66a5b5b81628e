/** What needs me next: the list on the left, the chosen ticket on the right; view, filter and choice live in the URL. */
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { IconArrowLeftFromArc } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { OPEN_STATUSES, OVER_STATUSES, QUEUE_LIMIT, useTickets } from "../api/tickets";
import type { Ticket } from "../api/types";
import { useActions } from "../app/keys";
import { Failed, Notice } from "../app/Notice";
import { useWords } from "../i18n";
import { EmptyQueue } from "../queue/EmptyQueue";
import { TicketList } from "../queue/TicketList";
import { ViewChips } from "../queue/ViewChips";
import { chooseView, matchesFilter, type View, VIEWS } from "../queue/views";
import { TicketView } from "../ticket/TicketView";
import { byNearerClock } from "../words/clocks";
import { now } from "../words/now";

const KEYS_LEAD_MS = 1000;

export function Queue() {
  const { t } = useWords();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const view = (VIEWS as readonly string[]).includes(search.get("view") ?? "") ? (search.get("view") as View) : "open";
  // What is typed is kept here and reaches the address a moment later: an address is slower than fingers.
  const [filter, setFilter] = useState(search.get("q") ?? "");
  const [settled] = useDebouncedValue(filter, 200);
  const me = useAccount().data?.name ?? "";
  const open = useTickets(OPEN_STATUSES);
  const isOpenEmpty = open.data?.items.length === 0;
  const closed = useTickets(OVER_STATUSES, { limit: 500, enabled: view === "closed" || isOpenEmpty });
  const source = view === "closed" ? closed : open;
  const isWide = useMediaQuery("(min-width: 1000px)", true, { getInitialValueInEffect: false });
  const filterBox = useRef<HTMLInputElement>(null);

  const tickets = useMemo(() => {
    const shown = chooseView(source.data?.items ?? [], view, me, now()).filter((ticket) =>
      matchesFilter(ticket, filter),
    );
    return view === "closed" ? shown : shown.sort(byNearerClock);
  }, [source.data, view, me, filter]);
  const chosen =
    tickets.find((ticket) => String(ticket.number) === search.get("t")) ?? (isWide ? tickets[0] : undefined);

  const change = (changes: Record<string, string | null>) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true },
    );
  // Keys may come faster than the page is drawn: the place is kept beside it, and a late drawing doesn't move it back.
  const place = useRef(chosen?.number);
  const movedAt = useRef(-KEYS_LEAD_MS);
  useEffect(() => {
    if (performance.now() - movedAt.current > KEYS_LEAD_MS) place.current = chosen?.number;
  }, [chosen?.number]);
  useEffect(() => {
    if ((search.get("q") ?? "") !== settled) change({ q: settled || null });
  }, [settled]);
  const move = (step: number) => {
    const at = tickets.findIndex((ticket) => ticket.number === place.current);
    const next = tickets[Math.min(Math.max(at + step, 0), tickets.length - 1)];
    if (!next) return;
    place.current = next.number;
    movedAt.current = performance.now();
    change({ t: String(next.number) });
  };
  useActions([
    { label: t("keys.next"), keys: ["j", "ArrowDown"], act: () => move(1), isMove: true },
    { label: t("keys.previous"), keys: ["k", "ArrowUp"], act: () => move(-1), isMove: true },
    chosen && { label: t("keys.open"), keys: ["Enter"], act: () => void navigate(`/tickets/${place.current}`) },
    { label: t("keys.filter"), keys: ["/"], act: () => filterBox.current?.focus() },
  ]);
  useFirstVisible(chosen, tickets);

  if (source.isError && !source.data) return <Failed error={source.error} again={() => void source.refetch()} />;
  const isFresh = isOpenEmpty && closed.data?.items.length === 0;
  if (isFresh) return <EmptyQueue />;
  return (
    <div className="split">
      <section className="split-list" aria-label={t("queue.list")}>
        <h1 className="sr">{t("queue.title")}</h1>
        <ViewChips
          view={view}
          open={open.data?.items ?? null}
          me={me}
          onChoose={(next) => change({ view: next === "open" ? null : next, t: null })}
        />
        <div className="list-filter">
          <input
            ref={filterBox}
            type="search"
            value={filter}
            placeholder={`${t("queue.filter")}  /`}
            aria-label={t("queue.filter")}
            onChange={(event) => setFilter(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
          />
        </div>
        <TicketList
          tickets={source.isPending ? null : tickets}
          chosen={chosen?.number ?? null}
          href={(ticket) => (isWide ? withTicket(search, ticket) : `/tickets/${ticket.number}`)}
        />
        {source.data && !source.data.isComplete && (
          <p className="list-foot">{t("queue.more", { count: view === "closed" ? 500 : QUEUE_LIMIT })}</p>
        )}
      </section>
      {isWide && (
        <section className="split-detail" aria-label={t("nav.queue")}>
          {chosen ? (
            <TicketView key={chosen.number} number={chosen.number} isEmbedded />
          ) : (
            !source.isPending && (
              <Notice
                level={2}
                icon={<IconArrowLeftFromArc size={32} />}
                title={t("queue.none")}
                text={t("queue.noneText")}
              />
            )
          )}
        </section>
      )}
    </div>
  );
}

function withTicket(search: URLSearchParams, ticket: Ticket): string {
  const after = new URLSearchParams(search);
  after.set("t", String(ticket.number));
  return `/queue?${after}`;
}

/** Keeps the chosen row in sight as it changes by key. */
function useFirstVisible(chosen: Ticket | undefined, tickets: Ticket[]): void {
  const number = chosen?.number;
  useEffect(() => {
    document.querySelector(`[data-ticket="${number}"]`)?.scrollIntoView({ block: "nearest" });
  }, [number, tickets.length]);
}

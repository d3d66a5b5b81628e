/** What needs me next: the list on the left, the chosen ticket on the right; view, order, filters and choice live in the URL. */
import type { UseQueryResult } from "@tanstack/react-query";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { IconArrowLeftFromArc } from "@tabler/icons-react";
import { lazy, type RefObject, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { useProfiles } from "../api/appliances";
import { useQueue } from "../api/queue";
import { mayDo } from "../api/roles";
import { foresee, OVER_STATUSES, useTickets } from "../api/tickets";
import type { TicketRow } from "../api/types";
import { useChange } from "../app/address";
import { useActions } from "../app/keys";
import { Failed, Notice } from "../app/Notice";
import { useWords } from "../i18n";
import { EmptyQueue } from "../queue/EmptyQueue";
import { chosenOf, matchesChosen } from "../queue/facets";
import { Narrow, ViewChips } from "../queue/ListHead";
import { inOrder, orderOf } from "../queue/order";
import { SavedViews } from "../queue/SavedViews";
import { useSelection } from "../queue/selection";
import { TicketList } from "../queue/TicketList";
import { chooseView, matchesFilter, type View, viewOf } from "../queue/views";
import { TicketView } from "../ticket/TicketView";
import { ticketTitle, useNames } from "../words/names";
import { now } from "../words/now";

const BulkBar = lazy(async () => ({ default: (await import("../queue/BulkBar")).BulkBar }));

type Source = Pick<UseQueryResult<{ items: TicketRow[] }>, "data" | "isPending" | "isError" | "error" | "refetch">;

const KEYS_LEAD_MS = 1000;
const CLOSED_LIMIT = 500;

export function Queue() {
  const { t, language } = useWords();
  const account = useAccount().data;
  const shown = useShown(account?.name ?? "");
  const { search, change, filter, setFilter, view, source, tickets } = shown;
  const isWide = useMediaQuery("(min-width: 1000px)", true, { getInitialValueInEffect: false });
  const filterBox = useRef<HTMLInputElement>(null);
  const chosen =
    tickets.find((ticket) => String(ticket.number) === search.get("t")) ?? (isWide ? tickets[0] : undefined);
  // What was chosen stays beside the list when a step takes it out of the view.
  const beside = Number(search.get("t")) || chosen?.number;
  const selection = useSelection(useMemo(() => tickets.map((ticket) => ticket.number), [tickets]));
  // In English a name stands for itself until its title is known; elsewhere it would be a foreign word.
  const isUnnamed = useProfiles(language).isPending && language !== "en";
  const mayWork = mayDo(account?.role, "technician");
  const picked = selection.picked.size === 0 ? [] : tickets.filter((ticket) => selection.picked.has(ticket.number));
  const isPainted = useIsPainted(!source.isPending);
  const place = useListKeys(tickets, chosen, change);
  useActions([
    mayWork &&
      chosen && {
        label: t("keys.select"),
        keys: ["x"],
        act: () => selection.toggle(place.current ?? chosen.number),
        isMove: true,
      },
    { label: t("keys.filter"), keys: ["/"], act: () => filterBox.current?.focus() },
  ]);

  if (source.isError && !source.data) return <Failed error={source.error} again={() => void source.refetch()} />;
  if (shown.isFresh) return <EmptyQueue />;
  return (
    <div className="split">
      <section className="split-list" aria-label={t("queue.list")}>
        <h1 className="sr">{t("queue.title")}</h1>
        <ViewChips view={view} open={shown.open} me={account?.name ?? ""} change={change}>
          <SavedViews open={shown.all} me={account?.name ?? ""} called={shown.called} onChoose={setFilter} />
        </ViewChips>
        <Narrow
          tickets={shown.inView}
          chosen={shown.narrowed}
          order={shown.order}
          change={change}
          filter={
            <input
              ref={filterBox}
              className="field"
              type="search"
              value={filter}
              placeholder={`${t("queue.filter")}  /`}
              aria-label={t("queue.filter")}
              onChange={(event) => setFilter(event.currentTarget.value)}
              onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
            />
          }
        />
        <TicketList
          tickets={source.isPending || isUnnamed ? null : tickets}
          chosen={chosen?.number ?? null}
          selected={selection.picked}
          onSelect={mayWork ? selection.toggle : undefined}
          empty={<NothingHere view={view} waiting={shown.open?.filter((one) => one.assignee === null).length ?? 0} />}
          href={(ticket) => (isWide ? withTicket(search, ticket) : `/tickets/${ticket.number}`)}
        />
        {shown.isMore && <p className="list-foot">{t("queue.more", { count: source.data?.items.length ?? 0 })}</p>}
        <Suspense>{picked.length > 0 && <BulkBar tickets={picked} onDone={selection.clear} />}</Suspense>
      </section>
      {isWide && (
        <section className="split-detail" aria-label={t("nav.queue")}>
          {beside
            ? isPainted && <TicketView key={beside} number={beside} isEmbedded />
            : !source.isPending && (
                <Notice
                  level={2}
                  icon={<IconArrowLeftFromArc size={32} />}
                  title={t("queue.none")}
                  text={t("queue.noneText")}
                />
              )}
        </section>
      )}
    </div>
  );
}

/** Where nothing is mine, what waits for somebody is a step away. */
function NothingHere({ view, waiting }: { view: View; waiting: number }) {
  const { t } = useWords();
  if (view !== "mine") return t("queue.noneText");
  return (
    <>
      {t("queue.noneMine")}{" "}
      {waiting > 0 && <Link to="/queue?view=unassigned">{t("queue.waiting", { count: waiting })}</Link>}
    </>
  );
}

/** The tickets of the address: its view, its filters, its order. */
function useShown(me: string) {
  const [search] = useSearchParams();
  const change = useChange();
  const names = useNames();
  // What is typed is kept here and reaches the address a moment later: an address is slower than fingers.
  const [filter, setFilter] = useState(search.get("q") ?? "");
  const [settled] = useDebouncedValue(filter, 200);
  useEffect(() => {
    if ((search.get("q") ?? "") !== settled) change({ q: settled || null, t: null });
  }, [settled]);
  const view = viewOf(search.get("view"));
  const order = orderOf(search.get("sort"));
  const narrowed = useMemo(() => chosenOf(search), [search]);
  const all = useQueue();
  const isOpenEmpty = all.data?.items.length === 0;
  const closed = useTickets(OVER_STATUSES, { limit: CLOSED_LIMIT, enabled: view === "closed" || isOpenEmpty });
  const source: Source = view === "closed" ? closed : all;
  const isMore =
    view === "closed" ? Boolean(closed.data?.next) : (all.data?.total ?? 0) > (all.data?.items.length ?? 0);
  const called = useCallback(
    (ticket: TicketRow) => [
      ticketTitle(ticket, names),
      names.kind(ticket.kind),
      ticket.region ? names.region(ticket.region) : "",
    ],
    [names],
  );
  const kept = (items: TicketRow[]) =>
    items.filter((ticket) => matchesFilter(ticket, filter, called) && matchesChosen(ticket, narrowed, now()));
  const open = useMemo(() => all.data && kept(all.data.items), [all.data, filter, narrowed, names]);
  const inView = useMemo(() => chooseView(source.data?.items ?? [], view, me, now()), [source.data, view, me]);
  const tickets = useMemo(() => {
    const left = kept(inView);
    return view === "closed" && order === "next" ? left : inOrder(left, order);
  }, [inView, filter, narrowed, order, view, names]);
  const isFresh = isOpenEmpty && closed.data?.items.length === 0;
  return {
    search,
    change,
    filter,
    setFilter,
    view,
    order,
    narrowed,
    source,
    isMore,
    open: open ?? null,
    all: all.data?.items ?? null,
    called,
    inView,
    tickets,
    isFresh,
  };
}

/** j and k move, Enter opens. Keys may come faster than the page is drawn: the place is kept beside it and handed back, and a late drawing doesn't move it back. */
function useListKeys(
  tickets: TicketRow[],
  chosen: TicketRow | undefined,
  change: ReturnType<typeof useChange>,
): RefObject<number | undefined> {
  const { t } = useWords();
  const navigate = useNavigate();
  const place = useRef(chosen?.number);
  const movedAt = useRef(-KEYS_LEAD_MS);
  useEffect(() => {
    if (performance.now() - movedAt.current > KEYS_LEAD_MS) place.current = chosen?.number;
  }, [chosen?.number]);
  const move = (step: number) => {
    const at = tickets.findIndex((ticket) => ticket.number === place.current);
    const next = tickets[Math.min(Math.max(at + step, 0), tickets.length - 1)];
    if (!next) return;
    place.current = next.number;
    movedAt.current = performance.now();
    change({ t: String(next.number) });
    const after = tickets[tickets.indexOf(next) + step];
    if (after) foresee(after.number);
  };
  useActions([
    { label: t("keys.next"), keys: ["j", "ArrowDown"], act: () => move(1), isMove: true },
    { label: t("keys.previous"), keys: ["k", "ArrowUp"], act: () => move(-1), isMove: true },
    chosen && { label: t("keys.open"), keys: ["Enter"], act: () => void navigate(`/tickets/${place.current}`) },
  ]);
  return place;
}

/** Whether what is there has been painted: what the right half asks for comes after the list is seen. */
function useIsPainted(isThere: boolean): boolean {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => {
    if (!isThere) return;
    let timer: number | undefined;
    const frame = requestAnimationFrame(() => {
      timer = window.setTimeout(() => setPainted(true));
    });
    return () => {
      cancelAnimationFrame(frame);
      window.clearTimeout(timer);
    };
  }, [isThere]);
  return isPainted;
}

function withTicket(search: URLSearchParams, ticket: TicketRow): string {
  const after = new URLSearchParams(search);
  after.set("t", String(ticket.number));
  return `/queue?${after}`;
}

/** Which appliances there are and how each one is; filters live in the URL. */
import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFridge, IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";

import { useAppliances } from "../api/appliances";
import type { Appliance, ApplianceSort } from "../api/types";
import { ApplianceTable } from "../appliance/ApplianceTable";
import { useActions } from "../app/keys";
import { Failed, Notice } from "../app/Notice";
import { useWords } from "../i18n";
import { formatNumber } from "../words/format";
import { useNames } from "../words/names";

const CONDITIONS = ["alert", "watch", "cannot_say", "learning", "ok"];
const AVAILABILITIES = ["online", "sleeping", "offline", "stale"];
const SORTS: ApplianceSort[] = ["newest", "gravest", "failing", "seen", "silent"];
const PAGE_ROWS = 200;
const NAMES = ["q", "kind", "condition", "availability", "region"] as const;

export function Appliances() {
  const { t, language } = useWords();
  const [search, setSearch] = useSearchParams();
  const filters = Object.fromEntries(NAMES.map((name) => [name, search.get(name)]));
  const sort = sortOf(search.get("sort"));
  const found = useAppliances({ ...filters, sort }, PAGE_ROWS);
  const total = found.data?.pages[0]?.total ?? null;
  const box = useRef<HTMLInputElement>(null);
  useActions([{ label: t("keys.filter"), keys: ["/"], act: () => box.current?.focus() }]);
  const change = (name: string, value: string | null) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value) after.set(name, value);
        else after.delete(name);
        return after;
      },
      { replace: true },
    );
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = NAMES.some((name) => search.get(name));
  if (found.isError && !found.data) return <Failed error={found.error} again={() => void found.refetch()} />;
  if (found.data && items.length === 0 && !isFiltered) {
    return <Notice icon={<IconFridge size={40} />} title={t("appliances.empty")} text={t("appliances.emptyText")} />;
  }
  const choice = (name: "condition" | "availability", values: string[]) => (
    <Select
      aria-label={t(`appliances.${name}`)}
      placeholder={t(`appliances.${name}`)}
      clearable
      clearButtonProps={{ "aria-label": t("all") }}
      w={160}
      data={values.map((value) => ({ value, label: t(`${name}.${value}`) }))}
      value={search.get(name)}
      onChange={(value) => change(name, value)}
    />
  );
  return (
    <div className="sheet whole">
      <div className="sheet-head">
        <h1>{t("appliances.title")}</h1>
        <WordFilter box={box} value={search.get("q") ?? ""} onChange={(value) => change("q", value)} />
        {choice("condition", CONDITIONS)}
        {choice("availability", AVAILABILITIES)}
        <KindFilter items={items} value={search.get("kind")} onChange={(value) => change("kind", value)} />
        {total !== null && (
          <span className="dim push">
            {t("appliances.total", { number: formatNumber(total, language), count: total })}
          </span>
        )}
      </div>
      <ApplianceTable
        items={found.data ? items : null}
        hasMore={found.hasNextPage && !found.isFetchingNextPage}
        onEnd={() => void found.fetchNextPage()}
        sort={sort}
        onSort={(chosen) => change("sort", chosen === "newest" ? null : chosen)}
      />
    </div>
  );
}

function sortOf(word: string | null): ApplianceSort {
  return SORTS.find((one) => one === word) ?? "newest";
}

function WordFilter({
  box,
  value,
  onChange,
}: {
  box: React.RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useWords();
  const [words, setWords] = useState(value);
  const [settled] = useDebouncedValue(words, 200);
  useEffect(() => {
    if (settled !== value) onChange(settled);
  }, [settled]);
  return (
    <TextInput
      ref={box}
      type="search"
      leftSection={<IconSearch size={15} />}
      placeholder={`${t("appliances.filter")}  /`}
      aria-label={t("appliances.filter")}
      value={words}
      onChange={(event) => setWords(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      w={240}
    />
  );
}

/** The kinds seen so far; a chosen one stays a choice although nothing else is in sight. */
function KindFilter({
  items,
  value,
  onChange,
}: {
  items: Appliance[];
  value: string | null;
  onChange: (value: string | null) => void;
}) {
  const { t } = useWords();
  const names = useNames();
  const seen = useRef(new Set<string>());
  for (const item of items) seen.current.add(item.kind);
  if (value) seen.current.add(value);
  return (
    <Select
      aria-label={t("appliances.kind")}
      placeholder={t("appliances.kind")}
      clearable
      clearButtonProps={{ "aria-label": t("all") }}
      w={180}
      data={[...seen.current].sort().map((kind) => ({ value: kind, label: names.kind(kind) }))}
      value={value}
      onChange={onChange}
    />
  );
}

/** Which appliances there are and how each one is; filters live in the URL. */
import { Button, Select, Skeleton, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFridge, IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { useAppliances } from "../api/appliances";
import type { Appliance } from "../api/types";
import { HealthBar } from "../appliance/HealthBar";
import { useActions } from "../app/keys";
import { Failed, Notice } from "../app/Notice";
import { useWords } from "../i18n";
import { AvailabilityMark, ConditionMark } from "../words/Marks";
import { Moment } from "../words/Moment";
import { useNames } from "../words/names";

const CONDITIONS = ["alert", "watch", "cannot_say", "learning", "ok"];
const AVAILABILITIES = ["online", "sleeping", "offline", "stale"];
const NAMES = ["q", "kind", "condition", "availability", "region"] as const;

export function Appliances() {
  const { t } = useWords();
  const [search, setSearch] = useSearchParams();
  const filters = Object.fromEntries(NAMES.map((name) => [name, search.get(name)]));
  const found = useAppliances(filters);
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
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("appliances.title")}</h1>
        <WordFilter box={box} value={search.get("q") ?? ""} onChange={(value) => change("q", value)} />
        {choice("condition", CONDITIONS)}
        {choice("availability", AVAILABILITIES)}
        <KindFilter items={items} value={search.get("kind")} onChange={(value) => change("kind", value)} />
        <span className="dim push">{t("appliances.count", { count: items.length })}</span>
      </div>
      <div className="card flush" role="region" aria-label={t("appliances.title")} tabIndex={0}>
        <Table stickyHeader highlightOnHover verticalSpacing={7}>
          <Table.Thead>
            <Table.Tr>
              {["id", "kind", "condition", "health", "availability", "seen", "region", "tickets"].map((column) => (
                <Table.Th key={column}>{t(`appliances.columns.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.isPending ? <Waiting /> : items.map((item) => <Row key={item.id} appliance={item} />)}
          </Table.Tbody>
        </Table>
        {found.data && items.length === 0 && <p className="list-empty">{t("appliances.none")}</p>}
        {found.hasNextPage && (
          <Button
            variant="subtle"
            fullWidth
            loading={found.isFetchingNextPage}
            onClick={() => void found.fetchNextPage()}
          >
            {t("appliances.more")}
          </Button>
        )}
      </div>
    </div>
  );
}

function Row({ appliance }: { appliance: Appliance }) {
  const { t } = useWords();
  const names = useNames();
  return (
    <Table.Tr>
      <Table.Td>
        <Link className="strong" to={`/appliances/${encodeURIComponent(appliance.id)}`}>
          {appliance.id}
        </Link>
      </Table.Td>
      <Table.Td>
        {names.kind(appliance.kind)} <span className="dim">{appliance.model}</span>
      </Table.Td>
      <Table.Td>
        <ConditionMark condition={appliance.condition} />
      </Table.Td>
      <Table.Td>
        <Worst health={appliance.health} />
      </Table.Td>
      <Table.Td>
        <AvailabilityMark availability={appliance.availability} />
      </Table.Td>
      <Table.Td>
        <Moment at={appliance.last_seen} as="ago" />
      </Table.Td>
      <Table.Td>{appliance.region ? names.region(appliance.region) : t("none")}</Table.Td>
      <Table.Td>
        <span className="numbers">
          {appliance.open_tickets.map((number) => (
            <Link key={number} to={`/tickets/${number}`}>
              #{number}
            </Link>
          ))}
        </span>
      </Table.Td>
    </Table.Tr>
  );
}

/** The component that is worst off stands for the appliance. */
function Worst({ health }: { health: Record<string, number> }) {
  const { t } = useWords();
  const [worst] = Object.entries(health).sort(([, one], [, other]) => one - other);
  return worst ? <HealthBar component={worst[0]} health={worst[1]} /> : <span className="dim">{t("none")}</span>;
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

function Waiting() {
  return Array.from({ length: 12 }, (_, index) => (
    <Table.Tr key={index}>
      <Table.Td colSpan={8}>
        <Skeleton height={16} />
      </Table.Td>
    </Table.Tr>
  ));
}

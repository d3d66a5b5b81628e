/** A list that comes page by page: its rows, how many are shown, and a way to more. */
import { Button, Skeleton } from "@mantine/core";

import type { Pages } from "../api/pages";
import { useWords } from "../i18n";
import { Listing } from "./Listing";
import { Failed } from "./Notice";

interface PagedProps<T> {
  name: string;
  pages: Pages<T>;
  columns: string[];
  empty: React.ReactNode;
  row: (item: T) => { key: string | number; cells: React.ReactNode[] };
}

export function Paged<T>({ name, pages, columns, empty, row }: PagedProps<T>) {
  const { t } = useWords();
  if (pages.isError && !pages.data) return <Failed error={pages.error} again={() => void pages.refetch()} />;
  if (!pages.data) return <Skeleton height={280} />;
  const items = pages.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <>{empty}</>;
  return (
    <div className="card">
      <Listing name={name} columns={columns} empty="" rows={items.map(row)} isMain />
      <p className="list-foot">
        {t("shown", { count: items.length })}
        {pages.hasNextPage && (
          <Button
            size="compact-sm"
            variant="subtle"
            loading={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {t("showMore")}
          </Button>
        )}
      </p>
    </div>
  );
}

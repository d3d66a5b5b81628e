/** Lists that come page by page. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";

interface Page<T> {
  items: T[];
  next?: string | null;
}

/** A list, page after page; what is known stays while another filter is asked for. */
export function usePages<P extends Page<unknown>>(
  queryKey: unknown[],
  fetch: (cursor: string | null, signal: AbortSignal) => Promise<P>,
) {
  return useInfiniteQuery({
    queryKey,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => fetch(pageParam, signal),
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    // To hold all pages known so far against themselves, field by field, would take longer than a frame at each new page.
    structuralSharing: false,
  });
}

export type Pages<T> = ReturnType<typeof usePages<Page<T>>>;

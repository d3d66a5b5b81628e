/** Kept views as chips with counts, a way to keep what is shown, and to change one's own. */
import { IconBookmarkPlus, IconPencil, IconUsers } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { useSavedViews } from "../api/savedViews";
import type { SavedView, TicketRow } from "../api/types";
import { useWords } from "../i18n";
import { now } from "../words/now";
import { addressOf, countOf } from "./saved";

const ViewDialog = lazy(async () => ({ default: (await import("./ViewDialog")).ViewDialog }));

interface SavedViewsProps {
  /** Every open ticket, or null while they are fetched. */
  open: TicketRow[] | null;
  me: string;
  called: (ticket: TicketRow) => string[];
  /** Shows the words of an address in the field of the filter. */
  onChoose: (words: string) => void;
}

export function SavedViews({ open, me, called, onChoose }: SavedViewsProps) {
  const { t } = useWords();
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const views = useSavedViews(open !== null).data;
  const [asking, setAsking] = useState<SavedView | "new" | null>(null);
  const here = addressOf(search);
  const shown = views?.find((one) => one.address === here);
  const counts = useMemo(
    () => new Map(open && views?.map((one) => [one.id, countOf(one.address, open, { me, now: now(), called })])),
    [open, views, me, called],
  );
  const choose = (view: SavedView) => {
    onChoose(new URLSearchParams(view.address).get("q") ?? "");
    void navigate(`/queue?${view.address}`, { replace: true });
  };
  return (
    <>
      {views?.map((one) => (
        <button
          key={one.id}
          type="button"
          className="chip"
          aria-pressed={one.id === shown?.id}
          title={one.owner === me ? undefined : t("saved.by", { name: one.owner })}
          onClick={() => choose(one)}
        >
          {one.shared_with && <IconUsers size={13} aria-label={t("saved.isShared")} />}
          {one.name}
          {typeof counts.get(one.id) === "number" && <span className="count">{counts.get(one.id)}</span>}
        </button>
      ))}
      {shown?.owner === me && (
        <button type="button" className="chip" aria-label={t("saved.change")} onClick={() => setAsking(shown)}>
          <IconPencil size={14} />
        </button>
      )}
      {here && !shown && (
        <button type="button" className="chip" onClick={() => setAsking("new")}>
          <IconBookmarkPlus size={14} aria-hidden /> {t("saved.keep")}
        </button>
      )}
      {asking && (
        <Suspense>
          <ViewDialog view={asking === "new" ? null : asking} address={here} onClose={() => setAsking(null)} />
        </Suspense>
      )}
    </>
  );
}

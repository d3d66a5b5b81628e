/** Kept views as chips with counts, a way to keep what is shown, and to rename, share or delete one's own. */
import { Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBookmarkPlus, IconPencil, IconUsers } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { ROLES } from "../api/roles";
import { useDeleteView, useKeepView, useSavedViews } from "../api/savedViews";
import type { SavedView, SavedViewRequest, TicketRow } from "../api/types";
import { Dialog } from "../app/Dialog";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";
import { now } from "../words/now";
import { addressOf, countOf } from "./saved";

const UNDO_MS = 10_000;
const SHARED_WITH = ROLES.filter((role) => role !== "provider");

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
  const views = useSavedViews().data;
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
      {asking && <ViewDialog view={asking === "new" ? null : asking} address={here} onClose={() => setAsking(null)} />}
    </>
  );
}

interface ViewDialogProps {
  view: SavedView | null;
  address: string;
  onClose: () => void;
}

function ViewDialog({ view, address, onClose }: ViewDialogProps) {
  const { t } = useWords();
  const sentence = useProblemSentence();
  const keep = useKeepView();
  const drop = useDeleteView();
  const [name, setName] = useState(view?.name ?? "");
  const [role, setRole] = useState<string>(view?.shared_with ?? "");
  const shared_with = (role || null) as SavedViewRequest["shared_with"];
  const body = { name: name.trim(), address: view?.address ?? address, shared_with };
  const remove = (gone: SavedView) =>
    drop.mutate(gone.id, {
      onSuccess: () => {
        onClose();
        const id = `view-${gone.id}`;
        const back = () => {
          notifications.hide(id);
          keep.mutate({ body: { name: gone.name, address: gone.address, shared_with: gone.shared_with } });
        };
        notifications.show({
          id,
          autoClose: UNDO_MS,
          message: (
            <Group justify="space-between" wrap="nowrap">
              <span>{t("saved.deleted", { name: gone.name })}</span>
              <Button size="compact-sm" variant="light" onClick={back}>
                {t("undo")}
              </Button>
            </Group>
          ),
        });
      },
    });
  return (
    <Dialog opened onClose={onClose} title={t(view ? "saved.change" : "saved.keep")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (body.name) keep.mutate({ id: view?.id, body }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <TextInput
            data-autofocus
            required
            maxLength={60}
            label={t("saved.name")}
            value={name}
            error={keep.error ? sentence(keep.error) : undefined}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label={t("saved.sharedWith")}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value)}
            data={[
              { value: "", label: t("saved.nobody") },
              ...SHARED_WITH.map((one) => ({ value: one, label: t(`roles.${one}`) })),
            ]}
          />
          <Group justify="flex-end">
            {view && (
              <Button variant="default" color="red" loading={drop.isPending} onClick={() => remove(view)}>
                {t("saved.delete")}
              </Button>
            )}
            <Button type="submit" loading={keep.isPending} disabled={!body.name}>
              {t("saved.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

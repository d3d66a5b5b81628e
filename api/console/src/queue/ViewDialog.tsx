/** Keeps a view of the queue under a name, or renames, shares or deletes one's own. */
import { Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";

import { ROLES } from "../api/roles";
import { useDeleteView, useKeepView } from "../api/savedViews";
import type { SavedView, SavedViewRequest } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";

const UNDO_MS = 10_000;
const SHARED_WITH = ROLES.filter((role) => role !== "provider");

interface ViewDialogProps {
  view: SavedView | null;
  address: string;
  onClose: () => void;
}

export function ViewDialog({ view, address, onClose }: ViewDialogProps) {
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
          <DialogEnd onCancel={onClose} label={t("saved.save")} isBusy={keep.isPending} isReady={Boolean(body.name)}>
            {view && (
              <Button variant="default" color="red" loading={drop.isPending} onClick={() => remove(view)}>
                {t("saved.delete")}
              </Button>
            )}
          </DialogEnd>
        </Stack>
      </form>
    </Dialog>
  );
}

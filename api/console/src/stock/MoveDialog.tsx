/** Parts on the move: written down, brought to another place, or ordered. */
import { NativeSelect, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { type StockCall, usePlaces, useStockCall } from "../api/stock";
import { Dialog, DialogEnd } from "../app/Dialog";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";

const KINDS = ["received", "returned", "used", "scrapped"] as const;
type Kind = (typeof KINDS)[number] | "transfer" | "order";

export interface MoveStart {
  kind: Kind;
  sku?: string;
  place?: string;
  quantity?: number;
}

export function MoveDialog({ start, onClose }: { start: MoveStart; onClose: () => void }) {
  const { t } = useWords();
  const places = usePlaces().data?.items ?? [];
  const call = useStockCall();
  const [kind, setKind] = useState<Kind>(start.kind);
  const [sku, setSku] = useState(start.sku ?? "");
  const [chosen, choose] = useState(start.place ?? "");
  const [to, setTo] = useState("");
  const [quantity, setQuantity] = useState(start.quantity ?? 1);
  const [serial, setSerial] = useState("");
  const place = chosen || (places.find((one) => one.kind === "depot") ?? places[0])?.id || "";
  const isByHand = kind !== "transfer" && kind !== "order";
  const isReady = sku.trim() !== "" && place !== "" && (kind !== "transfer" || (to !== "" && to !== place));
  const asked = (): StockCall => {
    const part = { sku: sku.trim(), place_id: place, quantity };
    if (kind === "transfer") return { transfer: { ...part, to_place_id: to } };
    if (kind === "order") return { order: part };
    return { move: { ...part, kind, serial: serial.trim() || null } };
  };
  const options = places.map((one) => ({ value: one.id, label: one.name }));
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t(kind === "transfer" ? "stock.transfer" : kind === "order" ? "stock.order" : "stock.move")}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) call.mutate(asked(), { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          {isByHand && (
            <NativeSelect
              label={t("stock.columns.what")}
              value={kind}
              onChange={(event) => setKind(event.currentTarget.value as Kind)}
              data={KINDS.map((one) => ({ value: one, label: t(`stock.movementKinds.${one}`) }))}
            />
          )}
          <TextInput
            data-autofocus
            label={t("stock.columns.sku")}
            required
            maxLength={64}
            value={sku}
            onChange={(event) => setSku(event.currentTarget.value)}
          />
          <NativeSelect
            label={t("stock.columns.place")}
            value={place}
            onChange={(event) => choose(event.currentTarget.value)}
            data={options}
          />
          {kind === "transfer" && (
            <NativeSelect
              label={t("stock.to")}
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
              data={[{ value: "", label: "–" }, ...options]}
            />
          )}
          <TextInput
            type="number"
            label={t("stock.columns.quantity")}
            min={1}
            max={1000000}
            value={quantity}
            onChange={(event) => setQuantity(Number(event.currentTarget.value) || 1)}
          />
          {isByHand && (
            <TextInput
              label={t("stock.columns.serial")}
              maxLength={200}
              value={serial}
              onChange={(event) => setSerial(event.currentTarget.value)}
            />
          )}
          <CallFailed error={call.error} />
          <DialogEnd onCancel={onClose} label={t("save")} isBusy={call.isPending} isReady={isReady} />
        </Stack>
      </form>
    </Dialog>
  );
}

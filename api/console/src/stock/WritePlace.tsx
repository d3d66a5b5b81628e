/** A depot or a van entered. */
import { useTechnicians } from "../api/crew";
import { useAddPlace } from "../api/stock";
import { FieldsDialog } from "../app/FieldsDialog";
import { useWords } from "../i18n";

export function WritePlace({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const add = useAddPlace();
  const technicians = useTechnicians("").data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <FieldsDialog
      title={t("stock.newPlace")}
      onClose={onClose}
      fields={[
        { name: "name", label: t("stock.placeName"), isNeeded: true },
        {
          name: "kind",
          label: t("stock.columns.what"),
          choices: [
            ["depot", t("stock.kinds.depot")],
            ["van", t("stock.kinds.van")],
          ],
        },
        {
          name: "technician",
          label: t("stock.whose"),
          choices: [["", t("none")], ...technicians.map((one): [string, string] => [one.id, one.name])],
        },
        { name: "latitude", label: t("stock.latitude"), hint: t("stock.pointHint") },
        { name: "longitude", label: t("stock.longitude") },
      ]}
      send={(typed) => {
        const [latitude, longitude] = [typed.latitude, typed.longitude];
        return add({
          name: typed.name ?? "",
          kind: typed.kind === "van" ? "van" : "depot",
          technician_id: typed.technician ?? null,
          place: latitude || longitude ? { latitude: Number(latitude), longitude: Number(longitude) } : null,
        });
      }}
    />
  );
}

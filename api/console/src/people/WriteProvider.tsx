/** A provider entered, or written anew as it was seen. */
import { useWriteProvider } from "../api/crew";
import type { Provider } from "../api/types";
import { FieldsDialog } from "../app/FieldsDialog";
import { useWords } from "../i18n";
import { feesOf, feesText, skillsOf, skillsText, wordsOf } from "./plain";

export function WriteProvider({ provider: seen, onClose }: { provider: Provider | null; onClose: () => void }) {
  const { t } = useWords();
  const write = useWriteProvider();
  const column = (name: string) => t(`people.columns.${name}`);
  const hint = (name: string) => t(`people.hints.${name}`);
  return (
    <FieldsDialog
      title={seen ? seen.name : t("people.newProvider")}
      onClose={onClose}
      fields={[
        { name: "name", label: column("name"), start: seen?.name, isNeeded: true },
        { name: "account", label: t("people.fields.account"), start: seen?.account ?? "", hint: hint("account") },
        { name: "areas", label: column("areas"), start: seen?.areas.join(", "), hint: hint("areas") },
        { name: "skills", label: column("skills"), start: skillsText(seen?.skills ?? {}), hint: hint("skills") },
        { name: "fees", label: column("fees"), start: feesText(seen?.fees ?? {}), hint: hint("fees") },
        { name: "currency", label: t("people.fields.currency"), start: seen?.currency ?? "EUR", isNeeded: true },
        {
          name: "hours",
          label: t("people.fields.answer"),
          kind: "number",
          start: String(seen?.answer_within_h ?? 24),
          isNeeded: true,
        },
        { name: "active", label: t("people.isActive"), kind: "check", start: (seen?.is_active ?? true) ? "yes" : "" },
      ]}
      send={(typed) =>
        write(seen, {
          name: typed.name ?? "",
          external_id: seen?.external_id ?? null,
          account: typed.account ?? null,
          areas: wordsOf(typed.areas ?? ""),
          skills: skillsOf(typed.skills ?? ""),
          fees: feesOf(typed.fees ?? ""),
          currency: typed.currency ?? "",
          answer_within_h: Number(typed.hours),
          is_active: typed.active === "yes",
        })
      }
    />
  );
}

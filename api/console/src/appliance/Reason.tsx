/** Why an appliance is said to be as it is, in the reader's language; the detectors say it in English. */
import { useProfiles } from "../api/appliances";
import type { Appliance } from "../api/types";
import { useWords } from "../i18n";
import { useNames } from "../words/names";
import { type Known, reasonOf } from "./reasons";

export function Reason({ appliance }: { appliance: Appliance }) {
  const { language } = useWords();
  if (language === "en") return <span>{appliance.condition_reason}</span>;
  const known = reasonOf(appliance.condition_reason);
  if (known) return <Worded known={known} kind={appliance.kind} />;
  return <Faults titles={appliance.condition_reason} kind={appliance.kind} />;
}

/** An alert's reason is the titles of its fault modes. */
function Faults({ titles, kind }: { titles: string; kind: string }) {
  const { t } = useWords();
  const names = useNames();
  const english = useProfiles("en").data?.items.find((one) => one.kind === kind);
  const worded = titles.split("; ").map((title) => {
    const name = english?.fault_modes.find((one) => one.title === title)?.name;
    return name ? names.fault(kind, name) : title;
  });
  return <span>{worded.join(t("comma"))}</span>;
}

/** A feature that is named in English is found by the English profile, which is asked for only then. */
function Worded({ known, kind }: { known: Known; kind: string }) {
  const { t } = useWords();
  const names = useNames();
  const { code, ...found } = known;
  const english = useProfiles("en", found.feature !== undefined).data?.items.find((one) => one.kind === kind);
  const name = english?.features.find((one) => one.label === found.feature)?.name;
  const feature = name ? names.metric(kind, name) : found.feature;
  const span = found.span && t(`reasons.spans.${found.span}`);
  return <span>{t(`reasons.${code}`, { ...found, feature, span })}</span>;
}

/** Why an appliance is said to be as it is, in the reader's language: a code with what stands in it. */
import type { Appliance } from "../api/types";
import { useWords } from "../i18n";
import { useNames } from "../words/names";

export function Reason({ appliance }: { appliance: Appliance }) {
  const { t } = useWords();
  const names = useNames();
  const { kind, condition_reason, condition_because } = appliance;
  if (!condition_because) return <span>{condition_reason}</span>;
  const { code, span, feature, faults, done, of } = condition_because;
  const worded = {
    done: done ?? "",
    of: of ?? "",
    span: span && t(`reasons.spans.${span}`),
    feature: feature && names.metric(kind, feature),
    faults: faults?.map((one) => names.fault(kind, one)).join(t("comma")),
  };
  return <span>{t(`reasons.${code}`, worded)}</span>;
}

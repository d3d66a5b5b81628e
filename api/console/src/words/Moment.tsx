/** A point in time: local zone in sight, UTC on hover. */
import { Tooltip } from "@mantine/core";

import { useWords } from "../i18n";
import { formatClock, formatDay, formatMoment, formatSpan, formatUtc, toMs, type When } from "./format";
import { useNow } from "./now";

type Style = "moment" | "day" | "ago" | "clock";

export function Moment({ at, as = "moment" }: { at: When; as?: Style }) {
  const { t, language } = useWords();
  const now = useNow();
  const ms = toMs(at);
  if (ms === null) return <>{t("none")}</>;
  const text =
    as === "day"
      ? formatDay(ms, language, now)
      : as === "ago"
        ? t("ago", { span: formatSpan(now - ms, language) })
        : as === "clock"
          ? formatClock(ms, language)
          : formatMoment(ms, language);
  return (
    <Tooltip label={formatUtc(ms)}>
      <time dateTime={new Date(ms).toISOString()}>{text}</time>
    </Tooltip>
  );
}

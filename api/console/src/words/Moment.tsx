/** A point in time: local zone in sight, UTC on hover. */
import { Tooltip } from "@mantine/core";
import { useState } from "react";

import { useWords } from "../i18n";
import { formatClock, formatDay, formatMoment, formatSpan, formatUtc, toMs, type When } from "./format";
import { useNow } from "./now";

type Style = "moment" | "day" | "ago" | "clock";

export function Moment({ at, as = "moment" }: { at: When; as?: Style }) {
  const { t, language } = useWords();
  const now = useNow();
  const [isNear, setNear] = useState(false);
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
  const time = (
    <time dateTime={new Date(ms).toISOString()} onMouseEnter={() => setNear(true)} onMouseLeave={() => setNear(false)}>
      {text}
    </time>
  );
  return isNear ? (
    <Tooltip label={formatUtc(ms)} opened>
      {time}
    </Tooltip>
  ) : (
    time
  );
}

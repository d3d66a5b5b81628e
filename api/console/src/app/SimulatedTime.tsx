/** Says that the service's time is not the wall's, as in the demo: what time it is there, and how fast it runs. */
import { IconClockPlay } from "@tabler/icons-react";

import { useWords } from "../i18n";
import { formatMoment } from "../words/format";
import { speedOfTime, useNow } from "../words/now";

/** A clock that is off by less is a clock. */
const APART_MS = 10 * 60_000;
const FAST = 1.5;

/** Whether the service's time is simulated. */
export function useIsSimulated(): boolean {
  const now = useNow();
  return Math.abs(now - Date.now()) >= APART_MS || speedOfTime() >= FAST;
}

export function SimulatedTime() {
  const { t, language } = useWords();
  const now = useNow();
  const speed = speedOfTime();
  if (!useIsSimulated()) return null;
  return (
    <span
      className="simulated"
      title={t(speed < FAST ? "simulated.other" : "simulated.text", { speed: Math.round(speed) })}
    >
      <IconClockPlay size={15} aria-hidden /> {formatMoment(now, language)}
      {speed >= FAST && <b> ×{Math.round(speed)}</b>}
    </span>
  );
}

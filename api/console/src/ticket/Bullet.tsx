/** A ruler with the normal band as a bar and the observation as a mark. */
import type { Evidence } from "../api/types";

type Seen = Pick<Evidence, "observed" | "expected_low" | "expected_high">;

export function Bullet({ observed, expected_low, expected_high }: Seen) {
  const low = expected_low ?? (expected_high === null ? null : Math.min(0, expected_high));
  const high = expected_high ?? (expected_low === null ? null : Math.max(expected_low * 1.5, observed ?? 0));
  if (observed === null || low === null || high === null) return <span className="bullet" aria-hidden />;
  const width = Math.max(high, observed) - Math.min(low, observed) || 1;
  const start = Math.min(low, observed) - width * 0.12;
  const place = (value: number) => `${((value - start) / (width * 1.24)) * 100}%`;
  return (
    <span className="bullet" aria-hidden>
      <i style={{ left: place(low), right: `calc(100% - ${place(high)})` }} />
      <b style={{ left: place(observed) }} />
    </span>
  );
}

/** Days as the API writes them (2026-11-24), and clocks of other places. */

const DAY_MS = 86_400_000;

/** The day that many days later. */
export function dayAfter(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** Which day it is somewhere. */
export function dayIn(ms: number, zone?: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(ms);
}

/** The time of day somewhere: "09:05". */
export function clockIn(at: string | number, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, timeStyle: "short" }).format(new Date(at));
}

/** "Tue 24" or "24 周二", short enough for a column. */
export function shortDay(day: string, language: string): string {
  const locale = language === "en" ? "en-GB" : language;
  const options = { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(locale, options).format(Date.parse(`${day}T00:00:00Z`));
}

/** Minutes since midnight as a clock shows them. */
export function clockOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The moment at which a clock somewhere shows this day and time; in the hour that clocks leave out, the one after. */
export function momentIn(zone: string, day: string, clock: string): string {
  const wanted = Date.parse(`${day}T${clock}:00Z`);
  let ms = wanted;
  for (let round = 0; round < 2; round += 1) ms += wanted - shown(ms, zone);
  return new Date(ms).toISOString();
}

/** What a clock somewhere shows, as if it were UTC. */
function shown(ms: number, zone: string): number {
  return Date.parse(`${dayIn(ms, zone)}T${clockIn(ms, zone)}:00Z`);
}

/** A part of the console that is not there any more (an upgrade has replaced it) is got by loading anew: once, not for ever. */
const KEY = "fettle.reloaded";
const ONCE_IN_MS = 60_000;

type Memory = Pick<Storage, "getItem" | "setItem">;

/** Whether an error says that a part of the console could not be fetched; each browser has its own words for it. */
export function isPartMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /dynamically imported module|importing a module script failed|unable to preload css/i.test(error.message);
}

/** Whether loading anew has not just been tried. */
export function mayReload(memory: Memory, now: number): boolean {
  return now - Number(memory.getItem(KEY) ?? -ONCE_IN_MS) >= ONCE_IN_MS;
}

/** Remember that it is tried now. */
export function noteReload(memory: Memory, now: number): void {
  memory.setItem(KEY, String(now));
}

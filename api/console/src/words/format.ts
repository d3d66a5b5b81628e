/** Numbers, times and spans as people of the chosen language write them. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What formats is dear to make and made for every row of a list: each kind is made once. */
function keptBy<Options, Format>(make: (language: string, options: Options) => Format) {
  const kept = new Map<string, Format>();
  return (language: string, options: Options): Format => {
    const name = `${language} ${JSON.stringify(options)}`;
    const known = kept.get(name);
    if (known) return known;
    const made = make(language, options);
    kept.set(name, made);
    return made;
  };
}
const numbersOf = keptBy((language, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(language, options));
const datesOf = keptBy((language, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language, options));

export type When = string | number | null | undefined;

/** Milliseconds since 1970 of what the API calls a time, or null. */
export function toMs(when: When): number | null {
  if (when === null || when === undefined || when === "") return null;
  const ms = typeof when === "number" ? when : Date.parse(when);
  return Number.isFinite(ms) ? ms : null;
}

/** A number with as many digits as its size deserves. */
export function formatNumber(value: number, language: string): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return numbersOf(language, { maximumFractionDigits: digits }).format(value);
}

/** A share such as a health index, to the hundredth: "0.72". */
export function formatIndex(value: number, language: string): string {
  return numbersOf(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
}

/** A number with its unit; a unit that is a sign (°C, %) follows the custom of SI with a thin space. */
export function formatQuantity(value: number, unit: string, language: string): string {
  const text = formatNumber(value, language);
  return unit ? `${text}\u202f${unit}` : text;
}

/** Bytes in the unit that suits them: "147 MB". */
export function formatBytes(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const at = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const options = { style: "unit", unit: units[at] ?? "byte", maximumFractionDigits: 1 } as const;
  return numbersOf(language, options).format(bytes / 1000 ** at);
}

/** 0.716 → "72 %" or "72%". */
export function formatShare(share: number, language: string): string {
  return numbersOf(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** An amount of a receipt, with every decimal that its currency has. */
export function formatAmount(amount: string, currency: string, language: string): string {
  return numbersOf(language, { style: "currency", currency }).format(Number(amount));
}

/** Money in its currency; whole where it is much. */
export function formatMoney(amount: number, currency: string, language: string): string {
  const digits = Math.abs(amount) >= 100 ? { maximumFractionDigits: 0 } : {};
  return numbersOf(language, { style: "currency", currency, ...digits }).format(amount);
}

/** A day such as "9 November" or "11月9日"; the year only where it is another one. */
export function formatDay(ms: number, language: string, now: number): string {
  const otherYear = new Date(ms).getFullYear() !== new Date(now).getFullYear();
  return datesOf(dated(language), {
    day: "numeric",
    month: "long",
    ...(otherYear ? { year: "numeric" } : {}),
  }).format(ms);
}

/** Day and minute in the reader's zone. */
export function formatMoment(ms: number, language: string): string {
  return datesOf(dated(language), {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  }).format(ms);
}

/** The time of day to the second, for what happens in quick succession. */
export function formatClock(ms: number, language: string): string {
  return datesOf(dated(language), { timeStyle: "medium" }).format(ms);
}

/** The same moment in UTC, to the second, as logs write it. */
export function formatUtc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The name of the zone that times are shown in. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A span as its two largest units: "3 h 12 min", "2 天 4 小时". */
export function formatSpan(span: number, language: string): string {
  const size = Math.abs(span);
  const chinese = language.startsWith("zh");
  const unit = (count: number, en: string, zh: string) => (chinese ? `${count} ${zh}` : `${count} ${en}`);
  if (size < MINUTE) return unit(Math.round(size / 1000), "s", "秒");
  if (size < HOUR) return unit(Math.round(size / MINUTE), "min", "分钟");
  if (size < DAY) {
    const [hours, minutes] = [Math.floor(size / HOUR), Math.floor((size % HOUR) / MINUTE)];
    return unit(hours, "h", "小时") + (minutes && hours < 12 ? ` ${unit(minutes, "min", "分")}` : "");
  }
  const [days, hours] = [Math.floor(size / DAY), Math.floor((size % DAY) / HOUR)];
  return unit(days, "d", "天") + (hours && days < 3 ? ` ${unit(hours, "h", "小时")}` : "");
}

/** drain_s → "drain s": a name that no profile explains, readable at least. */
export function plainName(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function dated(language: string): string {
  return language === "en" ? "en-GB" : language;
}

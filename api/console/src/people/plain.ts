/** Skills, licences and areas as people type them: `washing_machine:2, dryer` and `refrigerant:2027-06-30, gas`. */

export function skillsText(skills: Record<string, number>): string {
  return Object.entries(skills)
    .map(([name, level]) => `${name}:${level}`)
    .join(", ");
}

export function skillsOf(text: string): Record<string, number> {
  return Object.fromEntries(parts(text).map(([name, level]) => [name, level ? Number(level) : 1]));
}

interface Licence {
  name: string;
  expires_on?: string | null;
}

export function licencesText(licences: Licence[]): string {
  return licences.map((one) => (one.expires_on ? `${one.name}:${one.expires_on}` : one.name)).join(", ");
}

export function licencesOf(text: string): Licence[] {
  return parts(text).map(([name, day]) => ({ name, expires_on: day ?? null }));
}

export function feesText(fees: Record<string, string>): string {
  return Object.entries(fees)
    .map(([name, fee]) => `${name}:${fee}`)
    .join(", ");
}

export function feesOf(text: string): Record<string, string> {
  return Object.fromEntries(parts(text).map(([name, fee]) => [name, fee ?? ""]));
}

export function wordsOf(text: string): string[] {
  return parts(text).map(([word]) => word);
}

function parts(text: string): [string, string?][] {
  return text
    .split(/[,;，；]/)
    .map((one) => one.trim())
    .filter(Boolean)
    .map((one) => {
      const [name = "", more] = one.split(/[:：]/).map((part) => part.trim());
      return [name, more];
    });
}

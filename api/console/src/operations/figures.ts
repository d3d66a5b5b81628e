/** The figures of the service by name, and what they mean together. */
export interface Figure {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The value of a figure, with a label where there are several; null where it is not told. */
export function figureOf(figures: Figure[], name: string, label?: string): number | null {
  const found = figures.find((one) => one.name === name && (!label || Object.values(one.labels).includes(label)));
  return found?.value ?? null;
}

/** All values of a figure that has one label, by that label; those that are nothing are left out. */
export function byLabel(figures: Figure[], name: string): [string, number][] {
  return figures
    .filter((one) => one.name === name && one.value > 0)
    .map((one) => [Object.values(one.labels)[0] ?? "", one.value]);
}

/** The four who read on from the journal, in the order of the line. */
export const READERS = ["admit", "store", "detect", "desk"] as const;

/** The reasons of conditions as codes with what stands in them: the sentences of the detectors, read. */
export interface Known {
  code: string;
  span?: string;
  done?: string;
  of?: string;
  feature?: string;
}

const FORMS: [string, RegExp][] = [
  ["learning", /^learning, (?<span>day|cycle) (?<done>\d+) of (?<of>\d+)$/],
  ["silent", /^none of the metrics needed was reported in the last (?<span>day|cycle)$/],
  ["usual", /^as usual for this appliance over the last (?<span>day|cycle)s$/],
  ["above", /^(?<feature>.+) is above what is usual here$/],
  ["below", /^(?<feature>.+) is below what is usual here$/],
  ["ended", /^what stood has ended; judged anew at the end of the (?<span>day|cycle)$/],
  ["series", /^learning, (?<done>\d+) % of (?<of>\d+) samples$/],
  ["before", /^as before(?:; .+)?$/],
  ["notBefore", /^clearly not as before, cause unknown$/],
  ["unknown", /^clearly not as usual, for no known cause$/],
  ["nothing", /^No readings have been looked at yet\.$/],
];

/** What a sentence says, or null where it is none of the known ones. */
export function reasonOf(sentence: string): Known | null {
  for (const [code, form] of FORMS) {
    const found = form.exec(sentence);
    if (found) return { code, ...found.groups };
  }
  return null;
}

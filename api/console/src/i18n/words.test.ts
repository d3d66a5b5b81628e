import { expect, test } from "vitest";

import { first } from "./first";
import { more } from "./more";
import type { Words } from "./say";

const en = { ...first.en, ...more.en };
const zh = { ...first.zh, ...more.zh };

function flat(words: Words, above = ""): [string, string][] {
  return Object.entries(words).flatMap(([key, word]) =>
    typeof word === "string" ? [[above + key, word] as [string, string]] : flat(word, `${above}${key}.`),
  );
}

const chinese = new Map(flat(zh));

test("both languages fill in the same places", () => {
  const places = (text = "") => [...new Set(text.match(/\{\{\w+\}\}/g))].sort().join();
  const differing = flat(en).filter(([key, word]) => !/_one$/.test(key) && places(word) !== places(chinese.get(key)));

  expect(differing).toEqual([]);
});

test("Chinese is punctuated in full width", () => {
  const half = [...chinese].filter(([, word]) => /[\p{Script=Han}}][,;:!?]|[,;:!?]\p{Script=Han}/u.test(word));

  expect(half).toEqual([]);
});

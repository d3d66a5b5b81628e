import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "..");
/** While something is on its way in a remote diagnosis, its page asks oftener. */
const WHILE_IT_RUNS = /^(api[/\\](sessions)\.ts|session[/\\])/;
/** The account is asked for on every page, so two minutes each are one request a minute. */
const EVERY_MS = 120_000;

test("an open page asks by itself at most once a minute, beside the event stream", () => {
  const oftener = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.ts$|schema/.test(name) && !WHILE_IT_RUNS.test(name))
    .flatMap((name) => {
      const text = readFileSync(join(SOURCES, name), "utf8");
      const constant = (word: string) => new RegExp(`const ${word} = ([\\d_]+);`).exec(text)?.[1] ?? word;
      return [...text.matchAll(/refetchInterval: (.+),/g)]
        .map(([, value = ""]) => Number(constant(value).replaceAll("_", "")))
        .filter((every) => !(every >= EVERY_MS))
        .map((every) => `${name}: ${every}`);
    });

  expect(oftener).toEqual([]);
});

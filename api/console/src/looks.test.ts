import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const SOURCES = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
const read = (name: string) => readFileSync(`src/${name}`, "utf8");

test("every component that is used has its style sheet", () => {
  const looks = read("looks.ts");
  const used = SOURCES.flatMap((name) => [...read(name).matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)])
    .flatMap((found) => (found[1] ?? "").split(","))
    .map((name) => name.trim())
    .filter((name) => existsSync(`node_modules/@mantine/core/styles/${name}.css`));

  expect(used).toContain("Button");
  expect(used.filter((name) => !looks.includes(`/${name}.css"`))).toEqual([]);
});

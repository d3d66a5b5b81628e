import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

import { placeWords } from "../app/pages";
import { first } from "./first";
import { more } from "./more";
import type { Words } from "./say";

const firsts: Words[] = (["en", "zh"] as const).map((language) => ({
  ...first[language],
  nav: { ...(first[language].nav as Words), ...placeWords(language) },
}));
const catalogues: Words[] = [
  { ...firsts[0], ...more.en },
  { ...firsts[1], ...more.zh },
];
/** What the queue draws; names that it never asks for are left out. */
const QUEUE = /^(app|queue|ticket|chart|words)\/|^session\/KitchenLink|^pages\/(Queue|NotFound|SignIn|Ticket)\./;
const NOT_THERE = /^(components|appliance)\./;
const SOURCES = join(import.meta.dirname, "..");
/** Attributes whose text a person reads or hears. */
const READ = new Set(["aria-label", "title", "placeholder", "alt", "label", "description", "text", "nothingFound"]);
/** Names, keys and what the API itself is written in are the same in every language. */
const SAME = /^(Fettle|Ctrl K|EN|中文|English|UTC|body|\/api\/v1\/openapi\.json)$/;
/** Words of the API that people see, by the type that holds them and where the catalogues have them. */
const TOLD: Record<string, string> = {
  AbsenceReason: "people.reasons",
  AlertState: "alerts.states",
  Availability: "availability",
  ConditionState: "condition",
  DeliveryState: "notices.states",
  EndReason: "endReasons",
  Hindrance: "board.hindrances",
  IncidentKind: "incidents.kinds",
  IncidentState: "incidents.states",
  ReasonCode: "reasons",
  SessionState: "sessionStates",
  StandingState: "insights.modes.states",
  TicketSource: "source",
  TicketState: "status",
  MovementKind: "stock.movementKinds",
  OrderStatus: "stock.orderStates",
  PlaceKind: "stock.kinds",
  Verdict: "ticket.verdicts",
  VisitState: "visits.states",
};

interface Source {
  name: string;
  tree: ts.SourceFile;
}

const sources: Source[] = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !/\.test\.ts$|^i18n|schema/.test(name))
  .map((name) => {
    const text = readFileSync(join(SOURCES, name), "utf8");
    return { name, tree: ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX) };
  });

/** What each node of the sources gives, with the place it stands at. */
function gathered(give: (node: ts.Node) => string | undefined): string[] {
  const found: string[] = [];
  for (const { name, tree } of sources) {
    const walk = (node: ts.Node) => {
      const said = give(node);
      if (said !== undefined) {
        found.push(`${name}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${said}`);
      }
      ts.forEachChild(node, walk);
    };
    walk(tree);
  }
  return found;
}

function isWords(text: string): boolean {
  return /\p{L}{2,}/u.test(text) && !SAME.test(text.trim());
}

function at(words: Words, key: string): Words | string | undefined {
  let here: Words | string | undefined = words;
  for (const part of key.split(".")) here = typeof here === "object" ? here[part] : undefined;
  return here;
}

function isKnown(words: Words, key: string): boolean {
  return typeof at(words, key) === "string" || typeof at(words, `${key}_other`) === "string";
}

test("no word stands in a page itself: all come from the catalogues", () => {
  const bare = gathered((node) => {
    if (ts.isJsxText(node) && isWords(node.text)) return node.text.trim();
    if (!ts.isJsxAttribute(node) || !READ.has(node.name.getText())) return undefined;
    const value = node.initializer;
    const literal = value && ts.isJsxExpression(value) ? value.expression : value;
    return literal && ts.isStringLiteralLike(literal) && isWords(literal.text) ? literal.text : undefined;
  });

  expect(bare).toEqual([]);
});

test("every key that is asked for has words in both languages", () => {
  const silent = gathered((node) => {
    if (!ts.isCallExpression(node) || node.expression.getText() !== "t") return undefined;
    const asked = (key: ts.Expression | undefined): string | undefined => {
      if (key === undefined) return undefined;
      if (ts.isConditionalExpression(key)) return asked(key.whenTrue) ?? asked(key.whenFalse);
      if (ts.isStringLiteralLike(key)) return catalogues.every((one) => isKnown(one, key.text)) ? undefined : key.text;
      if (!ts.isTemplateExpression(key)) return undefined;
      const above = key.head.text.split(".").slice(0, -1).join(".");
      return !above || catalogues.every((one) => typeof at(one, above) === "object") ? undefined : `${above}.…`;
    };
    return asked(node.arguments[0]);
  });

  expect(silent).toEqual([]);
});

test("the queue finds each of its words in the part that is fetched first", () => {
  const late = gathered((node) => {
    if (!ts.isCallExpression(node) || node.expression.getText() !== "t") return undefined;
    const key = node.arguments[0];
    const said = key && (ts.isStringLiteralLike(key) ? key.text : ts.isTemplateExpression(key) ? key.head.text : "");
    if (!said || !QUEUE.test(node.getSourceFile().fileName) || NOT_THERE.test(said)) return undefined;
    const above = said.split(".")[0] ?? "";
    return firsts.every((one) => above in one || `${above}_other` in one) ? undefined : said;
  });

  expect(late).toEqual([]);
});

test("every word of the API that people see has words in both languages", () => {
  const schema = readFileSync(join(SOURCES, "api", "schema.d.ts"), "utf8");
  const missing = Object.entries(TOLD).flatMap(([type, place]) => {
    const union = new RegExp(`^ {8}${type}: ((?:"\\w+"(?: \\| )?)+);`, "m").exec(schema)?.[1];
    if (!union) return [`the API has no ${type}`];
    const values = [...union.matchAll(/"(\w+)"/g)].map(([, value]) => `${place}.${value}`);
    return values.filter((key) => !catalogues.every((one) => isKnown(one, key)));
  });

  expect(missing).toEqual([]);
});

import { describe, expect, test } from "vitest";

import type { ApplianceDetail, Feature, Metric, Usual } from "../api/types";
import { bandOf, gainOf } from "./bands";

const FEATURES: Record<string, Partial<Feature>> = {
  condenser_rise: { statistic: "mean", metric: "condenser_c", minus: "ambient_c", mode: "cooling" },
  evaporator_split: { statistic: "mean", metric: "freezer_c", minus: "evaporator_c", mode: "cooling" },
  freezer_error: { statistic: "mean", metric: "freezer_c", minus: "freezer_set_c", mode: null },
  starts: { statistic: "per_day", metric: "compressor_starts", minus: null, mode: null },
  retries: { statistic: "max", metric: "retries", minus: null, mode: null },
};
const LATEST = { ambient_c: 20, freezer_c: -18, freezer_set_c: -19, evaporator_c: -25 };
const latest = Object.fromEntries(
  Object.entries(LATEST).map(([name, value]) => [name, { value }]),
) as unknown as ApplianceDetail["latest"];
const usual = Object.keys(FEATURES).map((feature) => ({ feature, low: 5, high: 9 })) as Usual[];
const feature = (name: string) => FEATURES[name] as Feature;
const band = (name: string) => bandOf({ name } as Metric, usual, feature, latest);

describe("what a chart holds its readings against", () => {
  test("a rise is laid on what it rises above, which is named", () => {
    expect(band("condenser_c")).toEqual({
      band: { low: 25, high: 29 },
      feature: "condenser_rise",
      beside: "ambient_c",
    });
  });
  test("what lies below another is laid under it, from the far end to the near", () => {
    expect(band("evaporator_c")?.band).toEqual({ low: -27, high: -23 });
  });
  test("a set point moves the band and is not named; it has no band itself, nor has the ambient", () => {
    expect(band("freezer_c")).toEqual({ band: { low: -14, high: -10 }, feature: "freezer_error", beside: null });
    expect([band("freezer_set_c"), band("ambient_c")]).toEqual([null, null]);
  });
  test("of the highest of a cycle only the upper end holds", () => {
    expect(band("retries")?.band).toEqual({ low: null, high: 9 });
  });
  test("a counter has no band, but a gain", () => {
    expect(band("compressor_starts")).toBeNull();
    expect(gainOf({ name: "compressor_starts" } as Metric, usual, feature)?.feature).toBe("starts");
    expect(gainOf({ name: "condenser_c" } as Metric, usual, feature)).toBeNull();
  });
});

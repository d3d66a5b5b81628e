import { expect, test } from "vitest";

import { licencesOf, licencesText, skillsOf, skillsText, wordsOf } from "./plain";

test("what is shown is understood again as it was", () => {
  const skills = { washing_machine: 2, dryer: 1 };
  const licences = [
    { name: "refrigerant", expires_on: "2027-06-30" },
    { name: "gas", expires_on: null },
  ];

  expect(skillsOf(skillsText(skills))).toEqual(skills);
  expect(licencesOf(licencesText(licences))).toEqual(licences);
  expect([skillsOf("dryer； oven：3"), wordsOf(" west, ,north ")]).toEqual([{ dryer: 1, oven: 3 }, ["west", "north"]]);
});

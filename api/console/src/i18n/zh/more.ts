import { alerting } from "./alerting";
import { appliances } from "./appliances";
import { board } from "./board";
import { care } from "./care";
import { insights } from "./insights";
import { money } from "./money";
import { operations } from "./operations";
import { people } from "./people";
import { settings } from "./settings";
import { session } from "./session";
import { stock } from "./stock";
import { visits } from "./visits";

/** 其他页面的词语。 */
export const more = {
  ...alerting,
  ...appliances,
  ...board,
  ...care,
  ...insights,
  ...money,
  ...operations,
  ...people,
  ...settings,
  ...session,
  ...stock,
  ...visits,
};

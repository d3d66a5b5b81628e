import { alerting } from "./alerting";
import { appliances } from "./appliances";
import { insights } from "./insights";
import { operations } from "./operations";
import { settings } from "./settings";
import { session } from "./session";

/** 其他页面的词语。 */
export const more = { ...alerting, ...appliances, ...insights, ...operations, ...settings, ...session };

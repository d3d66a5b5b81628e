import { appliances } from "./appliances";
import { operations } from "./operations";
import { settings } from "./settings";
import { session } from "./session";

/** 其他页面的词语。 */
export const more = { ...appliances, ...operations, ...settings, ...session };

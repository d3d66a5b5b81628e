import { appliances } from "./appliances";
import { operations } from "./operations";
import { settings } from "./settings";
import { session } from "./session";

/** The words of the other pages. */
export const more = { ...appliances, ...operations, ...settings, ...session };

/** The words of all pages but the queue, in both languages. */
import { more as en } from "./en/more";
import { more as zh } from "./zh/more";

export const more = { en, zh };

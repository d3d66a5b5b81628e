/** The words that the queue is shown with, and the names of all places: they come with the entry. */
import { merged, type Words } from "./say";

export const first = merged(import.meta.glob<Record<"en" | "zh", Words>>("./first/*.ts", { eager: true }));

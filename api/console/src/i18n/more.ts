/** The words of the other pages: they come with the first of these. A page brings its own by a file in the folder. */
import { merged, type Words } from "./say";

export const more = merged(import.meta.glob<Record<"en" | "zh", Words>>("./more/*.ts", { eager: true }));

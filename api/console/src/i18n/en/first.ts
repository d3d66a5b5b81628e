import { frame } from "./frame";
import { known } from "./known";
import { queue } from "./queue";
import { ticket } from "./ticket";

/** The words that the queue is shown with. */
export const first = { ...frame, ...known, ...queue, ...ticket };

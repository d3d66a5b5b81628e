import { frame } from "./frame";
import { queue } from "./queue";
import { ticket } from "./ticket";

/** The words that the queue is shown with. */
export const first = { ...frame, ...queue, ...ticket };

import { frame } from "./frame";
import { known } from "./known";
import { queue } from "./queue";
import { ticket } from "./ticket";

/** 工单队列所需的词语。 */
export const first = { ...frame, ...known, ...queue, ...ticket };

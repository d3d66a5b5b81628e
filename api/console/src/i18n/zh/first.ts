import { frame } from "./frame";
import { queue } from "./queue";
import { ticket } from "./ticket";

/** 工单队列所需的词语。 */
export const first = { ...frame, ...queue, ...ticket };

/** Every page in one place: its address, what it is called, what loads it, and how one goes there. A new page is an entry here. */
import { IconFridge, IconHeartbeat, IconInbox, IconSettings, type TablerIcon } from "@tabler/icons-react";
import type { ComponentType } from "react";

import { Queue } from "../pages/Queue";

export interface PageEntry {
  /** Its address below the root. */
  path: string;
  /** Fetches the page when it is first opened. */
  load: () => Promise<ComponentType>;
  /** A place has its name in the rail, in the palette and in the browser's tab, and a key that follows `g`. */
  place?: { name: string; icon: TablerIcon; key: string };
}

/** The queue is the start and comes with the entry. */
export const PAGES: PageEntry[] = [
  { path: "queue", load: async () => Queue, place: { name: "nav.queue", icon: IconInbox, key: "q" } },
  { path: "tickets/:number", load: async () => (await import("../pages/Ticket")).Ticket },
  {
    path: "appliances",
    load: async () => (await import("../pages/Appliances")).Appliances,
    place: { name: "nav.appliances", icon: IconFridge, key: "a" },
  },
  { path: "appliances/:id", load: async () => (await import("../pages/Appliance")).AppliancePage },
  {
    path: "operations",
    load: async () => (await import("../pages/Operations")).Operations,
    place: { name: "nav.operations", icon: IconHeartbeat, key: "o" },
  },
  {
    path: "settings",
    load: async () => (await import("../pages/Settings")).Settings,
    place: { name: "nav.settings", icon: IconSettings, key: "s" },
  },
  { path: "sessions/:id", load: async () => (await import("../pages/Session")).SessionPage },
];

/** The pages that have a place of their own, with what makes them one. */
export const PLACES = PAGES.flatMap(({ path, place }) => (place ? [{ ...place, path: `/${path}` }] : []));

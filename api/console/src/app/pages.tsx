/** Every page in one place: its address, what it is called, what loads it, and how one goes there. A new page is an entry here. */
import {
  IconBellRinging,
  IconBellZ,
  IconBook,
  IconCalendarUser,
  IconCar,
  IconChartBar,
  IconFridge,
  IconHeartbeat,
  IconHelp,
  IconInbox,
  IconPackage,
  IconReceipt2,
  IconSend,
  IconSettings,
  IconTopologyStar3,
  IconUsers,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ComponentType } from "react";

import { mayDo, type Role } from "../api/roles";
import { Queue } from "../pages/Queue";

export interface PageEntry {
  /** Its address below the root. */
  path: string;
  /** Fetches the page when it is first opened. */
  load: () => Promise<ComponentType>;
  /** A place has its name in the rail, in the palette and in the browser's tab, and a key that follows `g`. */
  place?: Place;
}

export interface Place {
  name: string;
  icon: TablerIcon;
  key: string;
  /** Whose place it is; everybody's where nobody is named. */
  role?: Role;
  /** Found by its key, by the palette and from its neighbours; the rail is short. */
  isOffRail?: boolean;
  /** In the rail of a phone all the same: whoever is on the way has no keys. */
  isForPhone?: boolean;
}

/** The queue is the start and comes with the entry. */
export const PAGES: PageEntry[] = [
  { path: "queue", load: async () => Queue, place: { name: "nav.queue", icon: IconInbox, key: "q" } },
  { path: "tickets/:number", load: async () => (await import("../pages/Ticket")).Ticket },
  {
    path: "alerts",
    load: async () => (await import("../pages/Alerts")).Alerts,
    place: { name: "nav.alerts", icon: IconBellRinging, key: "l" },
  },
  { path: "alerts/:id", load: async () => (await import("../pages/Alert")).AlertPage },
  {
    path: "incidents",
    load: async () => (await import("../pages/Incidents")).Incidents,
    place: { name: "nav.incidents", icon: IconTopologyStar3, key: "i", isOffRail: true },
  },
  { path: "incidents/:key", load: async () => (await import("../pages/Incident")).Incident },
  {
    path: "notices",
    load: async () => (await import("../pages/Notices")).Notices,
    place: { name: "nav.notices", icon: IconSend, key: "n", role: "dispatcher", isOffRail: true },
  },
  {
    path: "appliances",
    load: async () => (await import("../pages/Appliances")).Appliances,
    place: { name: "nav.appliances", icon: IconFridge, key: "a" },
  },
  { path: "appliances/:id", load: async () => (await import("../pages/Appliance")).AppliancePage },
  {
    path: "board",
    load: async () => (await import("../pages/Board")).Board,
    place: { name: "nav.board", icon: IconCalendarUser, key: "b", role: "technician" },
  },
  { path: "sessions/:id", load: async () => (await import("../pages/Session")).SessionPage },
  {
    path: "insights",
    load: async () => (await import("../pages/Insights")).Insights,
    place: { name: "nav.insights", icon: IconChartBar, key: "k", role: "manager" },
  },
  {
    path: "knowledge",
    load: async () => (await import("../pages/Knowledge")).Knowledge,
    place: { name: "nav.knowledge", icon: IconBook, key: "e", isOffRail: true },
  },
  {
    path: "visits",
    load: async () => (await import("../pages/Visits")).Visits,
    place: {
      name: "nav.visits",
      icon: IconCar,
      key: "v",
      role: "technician",
      isOffRail: true,
      isForPhone: true,
    },
  },
  {
    path: "people",
    load: async () => (await import("../pages/People")).People,
    place: { name: "nav.people", icon: IconUsers, key: "p", role: "technician", isOffRail: true },
  },
  {
    path: "stock",
    load: async () => (await import("../pages/Stock")).Stock,
    place: { name: "nav.stock", icon: IconPackage, key: "t", role: "technician", isOffRail: true },
  },
  {
    path: "money",
    load: async () => (await import("../pages/Money")).Money,
    place: { name: "nav.money", icon: IconReceipt2, key: "y", role: "technician", isOffRail: true },
  },
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
  {
    path: "help",
    load: async () => (await import("../pages/Help")).Help,
    place: { name: "nav.help", icon: IconHelp, key: "h", isOffRail: true },
  },
  { path: "help/:page", load: async () => (await import("../pages/Help")).Help },
];

/** Parts of pages that are places of their own. */
const PARTS = [{ path: "/settings?tab=silences", name: "nav.silences", icon: IconBellZ, key: "m", isOffRail: true }];

/** All places, in the order in which they are offered. */
const PLACES: (Place & { path: string })[] = [
  ...PAGES.flatMap(({ path, place }) => (place ? [{ ...place, path: `/${path}` }] : [])),
  ...PARTS,
];

/** The places of whoever has this role. */
export function placesOf(role: string | undefined): (Place & { path: string })[] {
  return PLACES.filter((place) => !place.role || mayDo(role, place.role));
}

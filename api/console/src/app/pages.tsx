/** Every page in one place: its address, what it is called in both languages, what loads it, and how one goes there.
 * A new page is an entry here. Its name is the word `nav.` and its address, without what follows in it. */
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
import type { Language } from "../i18n";
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
  title: Record<Language, string>;
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
  {
    path: "queue",
    load: async () => Queue,
    place: { title: { en: "Queue", zh: "工单队列" }, icon: IconInbox, key: "q" },
  },
  { path: "tickets/:number", load: async () => (await import("../pages/Ticket")).Ticket },
  {
    path: "alerts",
    load: async () => (await import("../pages/Alerts")).Alerts,
    place: { title: { en: "Alerts", zh: "告警" }, icon: IconBellRinging, key: "l" },
  },
  { path: "alerts/:id", load: async () => (await import("../pages/Alert")).AlertPage },
  {
    path: "incidents",
    load: async () => (await import("../pages/Incidents")).Incidents,
    place: { title: { en: "Incidents", zh: "事件" }, icon: IconTopologyStar3, key: "i", isOffRail: true },
  },
  { path: "incidents/:key", load: async () => (await import("../pages/Incident")).Incident },
  {
    path: "notices",
    load: async () => (await import("../pages/Notices")).Notices,
    place: { title: { en: "Notices", zh: "通知" }, icon: IconSend, key: "n", role: "dispatcher", isOffRail: true },
  },
  {
    path: "appliances",
    load: async () => (await import("../pages/Appliances")).Appliances,
    place: { title: { en: "Appliances", zh: "设备" }, icon: IconFridge, key: "a" },
  },
  { path: "appliances/:id", load: async () => (await import("../pages/Appliance")).AppliancePage },
  {
    path: "board",
    load: async () => (await import("../pages/Board")).Board,
    place: { title: { en: "Board", zh: "派工看板" }, icon: IconCalendarUser, key: "b", role: "technician" },
  },
  { path: "sessions/:id", load: async () => (await import("../pages/Session")).SessionPage },
  {
    path: "insights",
    load: async () => (await import("../pages/Insights")).Insights,
    place: { title: { en: "Insights", zh: "指标" }, icon: IconChartBar, key: "k", role: "manager" },
  },
  {
    path: "knowledge",
    load: async () => (await import("../pages/Knowledge")).Knowledge,
    place: { title: { en: "Knowledge", zh: "知识库" }, icon: IconBook, key: "e", isOffRail: true },
  },
  {
    path: "visits",
    load: async () => (await import("../pages/Visits")).Visits,
    place: {
      title: { en: "My visits", zh: "我的上门" },
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
    place: { title: { en: "People", zh: "人员" }, icon: IconUsers, key: "p", role: "technician", isOffRail: true },
  },
  {
    path: "stock",
    load: async () => (await import("../pages/Stock")).Stock,
    place: { title: { en: "Stock", zh: "备件库存" }, icon: IconPackage, key: "t", role: "technician", isOffRail: true },
  },
  {
    path: "money",
    load: async () => (await import("../pages/Money")).Money,
    place: {
      title: { en: "Money", zh: "费用与票据" },
      icon: IconReceipt2,
      key: "y",
      role: "technician",
      isOffRail: true,
    },
  },
  {
    path: "operations",
    load: async () => (await import("../pages/Operations")).Operations,
    place: { title: { en: "Operations", zh: "运行状态" }, icon: IconHeartbeat, key: "o" },
  },
  {
    path: "settings",
    load: async () => (await import("../pages/Settings")).Settings,
    place: { title: { en: "Settings", zh: "设置" }, icon: IconSettings, key: "s" },
  },
  {
    path: "help",
    load: async () => (await import("../pages/Help")).Help,
    place: { title: { en: "Help", zh: "帮助" }, icon: IconHelp, key: "h", isOffRail: true },
  },
  { path: "help/:page", load: async () => (await import("../pages/Help")).Help },
];

/** Parts of pages that are places of their own. */
const PARTS: (Place & { path: string })[] = [
  { path: "/settings?tab=silences", title: { en: "Silences", zh: "静默" }, icon: IconBellZ, key: "m", isOffRail: true },
];

/** All places, in the order in which they are offered. */
const PLACES: (Place & { path: string })[] = [
  ...PAGES.flatMap(({ path, place }) => (place ? [{ ...place, path: `/${path}` }] : [])),
  ...PARTS,
];

/** The places of whoever has this role. */
export function placesOf(role: string | undefined): (Place & { path: string })[] {
  return PLACES.filter((place) => !place.role || mayDo(role, place.role));
}

/** The word of a place's name. */
export function nameOf(path: string): string {
  return `nav.${path.replace(/^.*[/=]/, "")}`;
}

/** The names of all places, as words. */
export function placeWords(language: Language): Record<string, string> {
  return Object.fromEntries(PLACES.map(({ path, title }) => [nameOf(path).slice("nav.".length), title[language]]));
}

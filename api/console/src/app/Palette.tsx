/** Ctrl-K: what may be done here, pages, tickets, appliances and settings by a few letters. */
import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import "@mantine/spotlight/styles.css";
import { Spotlight, spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconBolt, IconFridge, IconLanguage, IconMoon, IconSearch, IconTicket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";

import { useAccount } from "../api/account";
import { api, told } from "../api/client";
import { choose, useWords } from "../i18n";
import { ticketTitle, useNames } from "../words/names";
import { type Action, actionsHere } from "./keys";
import { nameOf, placesOf } from "./pages";

/** Opens each time it is wished for. */
export function Palette({ wish }: { wish: number }) {
  const { t, language } = useWords();
  const names = useNames();
  const role = useAccount().data?.role;
  const navigate = useNavigate();
  const [here, setHere] = useState<Action[]>([]);
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    if (wish > 0) spotlight.open();
  }, [wish]);
  const found = useQuery({
    queryKey: ["palette", settled],
    enabled: settled.length > 0,
    queryFn: async ({ signal }) => {
      const query = { q: settled.replace(/^#/, ""), limit: 6 };
      const [tickets, appliances] = await Promise.all([
        told(api.GET("/api/v1/tickets", { params: { query }, signal })),
        told(api.GET("/api/v1/appliances", { params: { query }, signal })),
      ]);
      return { tickets: tickets.items, appliances: appliances.items };
    },
  });
  const go = (path: string) => () => void navigate(path);
  const matches = (label: string) => label.toLowerCase().includes(query.trim().toLowerCase());
  const groups: SpotlightActionGroupData[] = [
    { group: t("palette.here"), actions: actsOf(here).filter((action) => matches(action.label)) },
    {
      group: t("palette.pages"),
      actions: placesOf(role)
        .map(({ path, key, icon: Icon }) => ({
          id: path,
          label: t(nameOf(path)),
          description: `g ${key}`,
          leftSection: <Icon size={18} />,
          onClick: go(path),
        }))
        .filter((action) => matches(action.label)),
    },
    {
      group: t("palette.tickets"),
      actions: (found.data?.tickets ?? []).map((ticket) => ({
        id: `ticket-${ticket.id}`,
        label: `#${ticket.number} ${ticketTitle(ticket, names)}`,
        description: `${ticket.appliance_id} · ${t(`status.${ticket.status}`)}`,
        leftSection: <IconTicket size={18} />,
        onClick: go(`/tickets/${ticket.number}`),
      })),
    },
    {
      group: t("palette.appliances"),
      actions: (found.data?.appliances ?? []).map((appliance) => ({
        id: `appliance-${appliance.id}`,
        label: appliance.id,
        description: `${appliance.model ?? names.kind(appliance.kind)} · ${t(`condition.${appliance.condition}`)}`,
        leftSection: <IconFridge size={18} />,
        onClick: go(`/appliances/${encodeURIComponent(appliance.id)}`),
      })),
    },
    {
      group: t("palette.settings"),
      actions: [
        {
          id: "light",
          label: t(scheme === "dark" ? "theme.light" : "theme.dark"),
          leftSection: <IconMoon size={18} />,
          onClick: () => setColorScheme(scheme === "dark" ? "light" : "dark"),
        },
        {
          id: "language",
          label: language === "zh" ? "English" : "中文",
          leftSection: <IconLanguage size={18} />,
          onClick: () => choose(language === "zh" ? "en" : "zh"),
        },
      ].filter((action) => matches(action.label)),
    },
  ];
  return (
    <Spotlight
      actions={groups.filter((group) => group.actions.length > 0)}
      query={query}
      onQueryChange={setQuery}
      filter={(_, actions) => actions}
      shortcut={null}
      nothingFound={t("palette.nothing")}
      attributes={{ content: { "aria-label": t("nav.search") } }}
      highlightQuery
      onSpotlightOpen={() => setHere(actionsHere())}
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: t("palette.placeholder"),
        "aria-label": t("nav.search"),
      }}
    />
  );
}

/** What the page in front offers, as entries of the palette. */
function actsOf(here: Action[]) {
  return here
    .filter((action) => !action.isMove)
    .map((action, index) => ({
      id: `here-${index}`,
      label: action.label,
      description: action.keys?.[0],
      leftSection: <IconBolt size={18} />,
      // The palette gives the focus back as it closes; what an act focuses comes after that.
      onClick: () => void window.setTimeout(action.act, 250),
    }));
}

/** Ctrl-K: pages, open tickets, appliances and actions by a few letters. */
import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconFridge, IconInbox, IconLanguage, IconMoon, IconSearch, IconTicket } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { get } from "../api/client";
import type { Appliance, Page, Ticket } from "../api/types";
import { choose, useWords } from "../i18n";

export function Palette() {
  const { t, language } = useWords();
  const navigate = useNavigate();
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const found = useQuery({
    queryKey: ["palette", settled],
    enabled: settled.length > 0,
    queryFn: async ({ signal }) => {
      const ask = { q: settled.replace(/^#/, ""), limit: 6 };
      const [tickets, appliances] = await Promise.all([
        get<Page<Ticket>>("/tickets", ask, signal),
        get<Page<Appliance>>("/appliances", ask, signal),
      ]);
      return { tickets: tickets.items, appliances: appliances.items };
    },
  });
  const go = (path: string) => () => void navigate(path);
  const matches = (label: string) => label.toLowerCase().includes(query.trim().toLowerCase());
  const groups: SpotlightActionGroupData[] = [
    {
      group: t("palette.pages"),
      actions: [
        { id: "queue", label: t("nav.queue"), description: "g q", leftSection: <IconInbox size={18} />, onClick: go("/queue") },
        { id: "appliances", label: t("nav.appliances"), description: "g a", leftSection: <IconFridge size={18} />, onClick: go("/appliances") },
      ].filter((action) => matches(action.label)),
    },
    {
      group: t("palette.tickets"),
      actions: (found.data?.tickets ?? []).map((ticket) => ({
        id: `ticket-${ticket.id}`,
        label: `#${ticket.number} ${ticket.title}`,
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
        description: `${appliance.model ?? appliance.kind} · ${t(`condition.${appliance.condition}`)}`,
        leftSection: <IconFridge size={18} />,
        onClick: go(`/appliances/${encodeURIComponent(appliance.id)}`),
      })),
    },
    {
      group: t("palette.actions"),
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
      shortcut={["mod + K"]}
      nothingFound={t("palette.nothing")}
      attributes={{ content: { "aria-label": t("nav.search") } }}
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{ leftSection: <IconSearch size={18} />, placeholder: t("palette.placeholder"), "aria-label": t("nav.search") }}
    />
  );
}

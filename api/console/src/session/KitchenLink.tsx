/** In the demo, the way to the home of the appliance: its display with the code, its door and its keys. */
import { Anchor } from "@mantine/core";
import { IconHome } from "@tabler/icons-react";

import { useAccount } from "../api/account";
import { useWords } from "../i18n";

export function KitchenLink({ appliance }: { appliance: string }) {
  const { t, language } = useWords();
  const account = useAccount();
  if (!account.data?.kitchens) return null;
  return (
    <Anchor
      className="kitchen-link"
      href={`/demo/appliances/${encodeURIComponent(appliance)}?lang=${language}`}
      target="_blank"
      rel="opener"
      title={t("kitchen.text")}
    >
      <IconHome size={16} aria-hidden /> {t("kitchen.title")}
    </Anchor>
  );
}

/** The first look at a new installation: how a ticket comes to be, in four steps. */
import { Stack, Text, Title } from "@mantine/core";
import { IconArmchair } from "@tabler/icons-react";
import { Link } from "react-router";

import { useWords } from "../i18n";

export function EmptyQueue() {
  const { t } = useWords();
  return (
    <Stack align="center" justify="center" className="notice" gap="md">
      <span className="notice-icon" aria-hidden>
        <IconArmchair size={40} />
      </span>
      <Title order={1} size="h2">
        {t("queue.quiet")}
      </Title>
      <div className="card teach">
        <Title order={2} size="h4" mb="sm">
          {t("queue.teach.title")}
        </Title>
        <ol className="advice">
          <li>
            <Link to="/appliances">{t("queue.teach.one")}</Link>
          </li>
          <li>{t("queue.teach.two")}</li>
          <li>{t("queue.teach.three")}</li>
          <li>{t("queue.teach.four")}</li>
        </ol>
        <Text c="dimmed" size="sm" mt="md">
          {t("queue.teach.demo")}
        </Text>
      </div>
    </Stack>
  );
}

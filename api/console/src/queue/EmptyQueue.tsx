/** The first look at a new installation: how a ticket comes to be, in four steps. */
import { List, Stack, Text, Title } from "@mantine/core";
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
        <List type="ordered" spacing="xs">
          <List.Item>
            <Link to="/appliances">{t("queue.teach.one")}</Link>
          </List.Item>
          <List.Item>{t("queue.teach.two")}</List.Item>
          <List.Item>{t("queue.teach.three")}</List.Item>
          <List.Item>{t("queue.teach.four")}</List.Item>
        </List>
        <Text c="dimmed" size="sm" mt="md">
          {t("queue.teach.demo")}
        </Text>
      </div>
    </Stack>
  );
}

/** The keys of this page, and those that work everywhere. */
import { Group, Kbd, Table, Text, Title } from "@mantine/core";

import { Link } from "react-router";

import { useAccount } from "../api/account";
import { useWords } from "../i18n";
import { Dialog } from "./Dialog";
import { actionsHere } from "./keys";
import { nameOf, placesOf } from "./pages";

export function KeysHelp({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const role = useAccount().data?.role;
  const here = actionsHere().flatMap(({ label, keys }) => (keys?.[0] ? [{ label, key: keys[0] }] : []));
  const everywhere = [
    { label: t("keys.palette"), key: "Ctrl K" },
    ...placesOf(role).map(({ path, key }) => ({ label: t(nameOf(path)), key: `g ${key}` })),
    { label: t("keys.help"), key: "?" },
  ];
  return (
    <Dialog opened onClose={onClose} title={t("keys.title")}>
      {here.length > 0 && <Keys title={t("keys.here")} rows={here} />}
      <Keys title={t("keys.everywhere")} rows={everywhere} />
      <p>
        <Link to="/help" onClick={onClose}>
          {t("nav.help")}
        </Link>
      </p>
    </Dialog>
  );
}

function Keys({ title, rows }: { title: string; rows: { label: string; key: string }[] }) {
  return (
    <>
      <Title order={3} size="h6" mt="xs">
        {title}
      </Title>
      <Table withRowBorders={false} verticalSpacing={4}>
        <Table.Tbody>
          {rows.map(({ label, key }) => (
            <Table.Tr key={key}>
              <Table.Td w={100}>
                <Group gap={4}>
                  <Kbd>{key}</Kbd>
                </Group>
              </Table.Td>
              <Table.Td>
                <Text size="sm">{label}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

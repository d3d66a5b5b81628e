/** All keys on one card. */
import { Group, Kbd, Table, Text } from "@mantine/core";

import { Dialog } from "./Dialog";
import { useWords } from "../i18n";

const KEYS: [string, string[]][] = [
  ["keys.move", ["j", "k"]],
  ["keys.open", ["Enter"]],
  ["keys.back", ["Esc"]],
  ["keys.filter", ["/"]],
  ["keys.palette", ["Ctrl K"]],
  ["keys.next", ["n"]],
  ["keys.comment", ["c"]],
  ["keys.verdict", ["v"]],
  ["keys.remote", ["r"]],
  ["keys.goQueue", ["g q"]],
  ["keys.goAppliances", ["g a"]],
  ["keys.help", ["?"]],
];

export function KeysHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useWords();
  return (
    <Dialog opened={opened} onClose={onClose} title={t("keys.title")}>
      <Table withRowBorders={false} verticalSpacing={5}>
        <Table.Tbody>
          {KEYS.map(([word, keys]) => (
            <Table.Tr key={word}>
              <Table.Td w={90}>
                <Group gap={4}>
                  {keys.map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td>
                <Text size="sm">{t(word)}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Dialog>
  );
}

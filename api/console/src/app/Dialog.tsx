/** A dialog with its name and a way out at the top. Mantine's own heading is a second banner to screen readers. */
import { CloseButton, Group, Modal, Title } from "@mantine/core";

import { useWords } from "../i18n";

interface DialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: React.ReactNode;
}

export function Dialog({ opened, onClose, title, children }: DialogProps) {
  const { t } = useWords();
  return (
    <Modal.Root opened={opened} onClose={onClose}>
      <Modal.Overlay />
      <Modal.Content aria-label={title}>
        <Modal.Body pt="md">
          <Group justify="space-between" mb="sm">
            <Title order={2} size="h4">
              {title}
            </Title>
            <CloseButton onClick={onClose} aria-label={t("close")} />
          </Group>
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

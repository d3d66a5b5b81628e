/** A dialog with its name and a way out at the top. Mantine's own heading is a second banner to screen readers. */
import { Button, CloseButton, Group, Modal, Title } from "@mantine/core";

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

interface DialogEndProps {
  onCancel: () => void;
  /** What the dialog does; without it there is nothing left but to close. */
  label?: string;
  /** Without it the button submits the form it stands in. */
  onSend?: () => void;
  isBusy?: boolean;
  isReady?: boolean;
  /** For a way out that is not the advised one. */
  isQuiet?: boolean;
  sender?: React.Ref<HTMLButtonElement>;
  hasFocus?: boolean;
  /** What else can be done here. */
  children?: React.ReactNode;
}

/** How each dialog that does something ends: the way back left, the deed right. */
export function DialogEnd(props: DialogEndProps) {
  const { t } = useWords();
  const { onCancel, label, onSend, isBusy, isReady = true, isQuiet, sender, hasFocus } = props;
  return (
    <Group justify="flex-end">
      {props.children}
      <Button variant="default" onClick={onCancel}>
        {t(label ? "cancel" : "close")}
      </Button>
      {label && (
        <Button
          type={onSend ? "button" : "submit"}
          {...(isQuiet && { variant: "subtle", color: "gray" })}
          ref={sender}
          loading={isBusy}
          disabled={!isReady}
          onClick={onSend}
          data-autofocus={hasFocus || undefined}
        >
          {label}
        </Button>
      )}
    </Group>
  );
}

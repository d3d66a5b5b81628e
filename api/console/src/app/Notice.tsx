/** What stands in the middle of a page that has nothing else: empty, missing, or failed, always with a way on. */
import { Button, Stack, Text, Title } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";

import { Problem } from "../api/client";
import { useWords } from "../i18n";

interface NoticeProps {
  icon: React.ReactNode;
  title: string;
  text?: string;
  level?: 1 | 2;
  children?: React.ReactNode;
}

export function Notice({ icon, title, text, level = 1, children }: NoticeProps) {
  return (
    <Stack align="center" justify="center" gap="sm" className="notice">
      <span className="notice-icon" aria-hidden>
        {icon}
      </span>
      <Title order={level} size="h3" ta="center">
        {title}
      </Title>
      {text && (
        <Text c="dimmed" ta="center" maw={460}>
          {text}
        </Text>
      )}
      {children}
    </Stack>
  );
}

/** A question to the API that failed: what happened, that nothing is lost, and a button to ask again. */
export function Failed({ error, again, missing }: { error: unknown; again: () => void; missing?: string }) {
  const { t } = useWords();
  const sentence = useProblemSentence();
  const isMissing = error instanceof Problem && error.status === 404 && missing;
  return (
    <Notice
      icon={<IconCloudOff size={36} />}
      title={isMissing ? missing : t("problem.failed")}
      text={isMissing ? undefined : sentence(error)}
    >
      <Button variant="light" onClick={again}>
        {t("retry")}
      </Button>
    </Notice>
  );
}

/** A call to the API that failed, said where it was asked for; nothing while none did. */
export function CallFailed({ error }: { error: unknown }) {
  const sentence = useProblemSentence();
  if (!error) return null;
  return (
    <p role="alert" className="bad-text">
      {sentence(error)}
    </p>
  );
}

/** Turns what went wrong into one sentence in the reader's language where we have one. */
export function useProblemSentence(): (error: unknown) => string {
  const { t, language } = useWords();
  return (error) => {
    if (!(error instanceof Problem)) return t("problem.failed");
    if (error.status === 0) return t("problem.unreachable");
    // The API says in English what it refuses; elsewhere the kind of refusal comes first, in the reader's language.
    const detail = error.detail ?? error.title;
    const kind = t(`problem.kinds.${error.status}`, { defaultValue: "" });
    if (language === "en" || !kind) return `${detail} ${t("problem.unchanged")}`;
    return error.status === 403 ? kind : `${kind}（${detail}）${t("problem.unchanged")}`;
  };
}

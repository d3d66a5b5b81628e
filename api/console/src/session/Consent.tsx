/** The customer reads the code from the appliance, the technician enters it. */
import { Button, Group, TextInput } from "@mantine/core";
import { useState } from "react";

import { Problem } from "../api/client";
import { useSessionCall } from "../api/sessions";
import type { DiagnosisSession } from "../api/types";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";

export function Consent({ session }: { session: DiagnosisSession }) {
  const { t } = useWords();
  const [code, setCode] = useState("");
  const call = useSessionCall(session.id);
  const sentence = useProblemSentence();
  const isWrong = call.error instanceof Problem && call.error.status === 403;
  return (
    <form
      className="card consent"
      onSubmit={(event) => {
        event.preventDefault();
        call.mutate({ call: "consent", code: code.trim() }, { onError: () => setCode("") });
      }}
    >
      <p>{t("session.waiting")}</p>
      <Group align="flex-start" gap="xs">
        <TextInput
          aria-label={t("session.code")}
          placeholder={t("session.code")}
          autoFocus
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={32}
          required
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          error={
            call.isError
              ? isWrong
                ? t("session.wrong", { count: session.tries_left })
                : sentence(call.error)
              : undefined
          }
        />
        <Button type="submit" loading={call.isPending} disabled={code.trim() === ""}>
          {t("session.enter")}
        </Button>
      </Group>
    </form>
  );
}

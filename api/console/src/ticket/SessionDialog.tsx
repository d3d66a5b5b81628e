/** Asks the customer for a session: how far it may go decides what the appliance shows them. */
import { Alert, Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useOpenSession } from "../api/sessions";
import type { Scope, Ticket } from "../api/types";
import { useProblemSentence } from "../app/Notice";
import { Dialog, DialogEnd } from "../app/Dialog";
import { useWords } from "../i18n";

const SCOPES: Scope[] = ["see", "read", "test", "act"];

export function SessionDialog({ ticket, onClose }: { ticket: Ticket; onClose: () => void }) {
  const { t } = useWords();
  const navigate = useNavigate();
  const sentence = useProblemSentence();
  const request = useOpenSession(ticket.number);
  const [scope, setScope] = useState<Scope>("read");
  const ask = () => request.mutate(scope, { onSuccess: (session) => void navigate(`/sessions/${session.id}`) });
  return (
    <Dialog opened onClose={onClose} title={t("ticket.run")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <Stack gap="md">
          <Radio.Group label={t("ticket.scope")} value={scope} onChange={(value) => setScope(value as Scope)}>
            <Stack gap="xs" mt="xs">
              {SCOPES.map((one) => (
                <Radio
                  key={one}
                  value={one}
                  label={t(`ticket.scopes.${one}`)}
                  description={t(`ticket.scopeText.${one}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          {request.isError && <Alert color="red">{sentence(request.error)}</Alert>}
          <DialogEnd onCancel={onClose} label={t("ticket.run")} isBusy={request.isPending} hasFocus />
        </Stack>
      </form>
    </Dialog>
  );
}

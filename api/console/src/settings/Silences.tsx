/** What is muted, by whom, until when and why; muting, and lifting. */
import { Alert, Button, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { useSilenceCall, useSilences } from "../api/settings";
import { Dialog, DialogEnd } from "../app/Dialog";
import { Card, Listing } from "../app/Listing";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";
import { useNames } from "../words/names";
import { now } from "../words/now";

const WEEK = 7 * 86_400_000;
const SCOPES = ["appliance_id", "fault_mode", "region", "model"] as const;

export function Silences({ mayChange }: { mayChange: boolean }) {
  const { t } = useWords();
  const names = useNames();
  const silences = useSilences().data?.items ?? [];
  const call = useSilenceCall();
  const [isAdding, setAdding] = useState(false);
  return (
    <Card
      id="silences"
      title={
        <>
          {t("settings.tabs.silences")}
          {mayChange && (
            <Button size="xs" className="push" onClick={() => setAdding(true)}>
              {t("settings.mute")}
            </Button>
          )}
        </>
      }
    >
      <Listing
        name={t("settings.tabs.silences")}
        columns={[...["what", "since", "until", "reason", "by"].map((one) => t(`settings.columns.${one}`)), ""]}
        empty={t("settings.noSilences")}
        rows={silences.map((one) => ({
          key: one.id,
          cells: [
            [
              one.appliance_id,
              one.fault_mode && names.anyFault(one.fault_mode),
              one.region && names.region(one.region),
              one.model,
            ]
              .filter(Boolean)
              .join(" · ") || t("all"),
            <span key="s">
              <Moment at={one.since} /> {one.week && <span className="dim">{one.week}</span>}
            </span>,
            <Moment key="u" at={one.until} />,
            one.reason,
            one.created_by,
            mayChange && (
              <Button key="l" size="compact-sm" variant="default" onClick={() => call.mutate({ lift: one.id })}>
                {t("settings.lift")}
              </Button>
            ),
          ],
        }))}
      />
      {isAdding && <NewSilence onClose={() => setAdding(false)} />}
    </Card>
  );
}

function NewSilence({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const call = useSilenceCall();
  const sentence = useProblemSentence();
  const [scope, setScope] = useState<Partial<Record<(typeof SCOPES)[number], string>>>({});
  const [until, setUntil] = useState(() => localOf(now() + WEEK));
  const [since, setSince] = useState("");
  const [week, setWeek] = useState("");
  const [reason, setReason] = useState("");
  const isScoped = SCOPES.some((name) => scope[name]?.trim());
  const send = () =>
    call.mutate(
      {
        add: {
          ...Object.fromEntries(SCOPES.map((name) => [name, scope[name]?.trim() || null])),
          since: since ? new Date(since).toISOString() : null,
          until: new Date(until).toISOString(),
          week: week.trim() || null,
          time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          reason: reason.trim(),
        },
      },
      { onSuccess: onClose },
    );
  return (
    <Dialog opened onClose={onClose} title={t("settings.mute")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Stack gap="sm">
          <p className="dim">{t("settings.muteHint")}</p>
          {call.isError && <Alert color="red">{sentence(call.error)}</Alert>}
          {SCOPES.map((name, at) => (
            <TextInput
              key={name}
              data-autofocus={at === 0 || undefined}
              label={t(`settings.scope.${name}`)}
              value={scope[name] ?? ""}
              onChange={(event) => setScope({ ...scope, [name]: event.currentTarget.value })}
            />
          ))}
          <TextInput
            type="datetime-local"
            label={t("settings.columns.since")}
            description={t("settings.sinceHint")}
            value={since}
            onChange={(event) => setSince(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            label={t("settings.columns.until")}
            required
            value={until}
            onChange={(event) => setUntil(event.currentTarget.value)}
          />
          <TextInput
            label={t("settings.week")}
            description={t("settings.weekHint")}
            value={week}
            onChange={(event) => setWeek(event.currentTarget.value)}
          />
          <TextInput
            label={t("settings.columns.reason")}
            required
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <DialogEnd onCancel={onClose} label={t("settings.mute")} isBusy={call.isPending} isReady={isScoped} />
        </Stack>
      </form>
    </Dialog>
  );
}

/** A moment as a field for local time wants it. */
function localOf(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}

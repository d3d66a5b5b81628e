/** Accounts: made, given another role or password, shut out; their keys, and the end of one. */
import { Alert, Button, Code, Group, NativeSelect, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { useAccount } from "../api/account";
import { ROLES, type Role } from "../api/roles";
import { useUserCall, useUsers } from "../api/settings";
import type { User } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { Card, Listing } from "../app/Listing";
import { useProblemSentence } from "../app/Notice";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";

export function Accounts() {
  const { t } = useWords();
  const me = useAccount().data?.name;
  const users = useUsers(true).data?.items ?? [];
  const call = useUserCall();
  const sentence = useProblemSentence();
  const [isAdding, setAdding] = useState(false);
  const [renewed, setRenewed] = useState<User | null>(null);
  return (
    <Card
      id="accounts"
      title={
        <>
          {t("settings.tabs.accounts")}
          <Button size="xs" className="push" onClick={() => setAdding(true)}>
            {t("settings.add")}
          </Button>
        </>
      }
    >
      {call.isError && !isAdding && <Alert color="red">{sentence(call.error)}</Alert>}
      <Listing
        name={t("settings.tabs.accounts")}
        columns={[...["name", "role", "keys"].map((one) => t(`settings.columns.${one}`)), ""]}
        empty={t("none")}
        rows={users.map((user) => ({
          key: user.name,
          cells: [
            <span key="n">
              {user.name === me ? t("ticket.me", { name: user.name }) : user.name}{" "}
              {user.disabled && <span className="mark calm">{t("settings.shutOut")}</span>}
            </span>,
            <select
              key="r"
              className="field"
              aria-label={t("settings.roleOf", { name: user.name })}
              value={user.role}
              onChange={(event) =>
                call.mutate({ call: "change", name: user.name, body: { role: event.currentTarget.value as Role } })
              }
            >
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {t(`roles.${role}`)}
                </option>
              ))}
            </select>,
            <ul key="k">
              {user.keys.map((key) => (
                <li key={key.prefix}>
                  <code>{key.prefix}…</code>{" "}
                  <span className="dim">
                    <Moment at={key.created_at} as="day" />
                  </span>{" "}
                  <button
                    type="button"
                    className="link"
                    onClick={() => call.mutate({ call: "revoke", name: user.name, prefix: key.prefix })}
                  >
                    {t("settings.revoke")}
                  </button>
                </li>
              ))}
            </ul>,
            <Group key="a" gap={6} wrap="nowrap">
              <Button size="compact-sm" variant="default" onClick={() => setRenewed(user)}>
                {t("settings.password")}
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => call.mutate({ call: "change", name: user.name, body: { disabled: !user.disabled } })}
              >
                {t(user.disabled ? "settings.letIn" : "settings.shut")}
              </Button>
            </Group>,
          ],
        }))}
      />
      {isAdding && <NewAccount onClose={() => setAdding(false)} />}
      {renewed && <NewPassword user={renewed} onClose={() => setRenewed(null)} />}
    </Card>
  );
}

function NewAccount({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const call = useUserCall();
  const sentence = useProblemSentence();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("technician");
  const [password, setPassword] = useState("");
  const [wantsKey, setWantsKey] = useState(false);
  const send = () =>
    call.mutate(
      { call: "add", body: { name: name.trim(), role, password: password || null, key: wantsKey } },
      { onSuccess: (key) => !key && onClose() },
    );
  return (
    <Dialog opened onClose={onClose} title={t("settings.add")}>
      {call.data ? (
        <Stack gap="sm">
          <p>{t("settings.keyOnce")}</p>
          <Code block>{call.data}</Code>
          <DialogEnd onCancel={onClose} />
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <Stack gap="sm">
            {call.isError && <Alert color="red">{sentence(call.error)}</Alert>}
            <TextInput
              data-autofocus
              label={t("login.name")}
              required
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <NativeSelect
              label={t("settings.columns.role")}
              value={role}
              onChange={(event) => setRole(event.currentTarget.value as Role)}
              data={ROLES.map((value) => ({ value, label: t(`settings.roles.${value}`) }))}
            />
            <PasswordInput
              label={t("login.password")}
              description={t("settings.passwordHint")}
              autoComplete="new-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <label>
              <input
                type="checkbox"
                checked={wantsKey}
                onChange={(event) => setWantsKey(event.currentTarget.checked)}
              />{" "}
              {t("settings.withKey")}
            </label>
            <DialogEnd onCancel={onClose} label={t("settings.add")} isBusy={call.isPending} />
          </Stack>
        </form>
      )}
    </Dialog>
  );
}

function NewPassword({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useWords();
  const call = useUserCall();
  const sentence = useProblemSentence();
  const [password, setPassword] = useState("");
  return (
    <Dialog opened onClose={onClose} title={t("settings.passwordOf", { name: user.name })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          call.mutate({ call: "change", name: user.name, body: { password } }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          {call.isError && <Alert color="red">{sentence(call.error)}</Alert>}
          <PasswordInput
            data-autofocus
            label={t("login.password")}
            description={t("settings.passwordHint")}
            autoComplete="new-password"
            required
            minLength={10}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <DialogEnd onCancel={onClose} label={t("save")} isBusy={call.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}

/** Name and password; afterwards the page that was asked for. */
import { Alert, Button, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { Navigate, useNavigate, useSearchParams } from "react-router";

import { signIn, useAccount } from "../api/account";
import { Problem } from "../api/client";
import { queryClient } from "../api/cache";
import { ProductMark } from "../app/Mark";
import { useProblemSentence } from "../app/Notice";
import { useTitle } from "../app/title";
import { useWords } from "../i18n";

export function SignIn() {
  const { t } = useWords();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const sentence = useProblemSentence();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  useTitle(t("login.title"));
  // Also takes the answer that index.html preloads: left alone, it would be taken for news after the sign-in.
  const account = useAccount();

  const enter = async () => {
    setBusy(true);
    setError(null);
    try {
      queryClient.setQueryData(["account"], await signIn(name, password));
      await navigate(ownPath(search.get("next")), { replace: true });
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  if (account.data) return <Navigate to={ownPath(search.get("next"))} replace />;
  const isWrong = error instanceof Problem && error.status === 401;
  return (
    <main className="sign-in">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        <Stack gap="md">
          <ProductMark size={44} />
          <div>
            <Title order={1} size="h2">
              {t("login.title")}
            </Title>
            <Text c="dimmed">{t("login.slogan")}</Text>
          </div>
          {error !== null && <Alert color="red">{isWrong ? t("login.wrong") : sentence(error)}</Alert>}
          <TextInput
            label={t("login.name")}
            autoComplete="username"
            autoFocus
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <PasswordInput
            label={t("login.password")}
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={isBusy}>
            {t("login.go")}
          </Button>
          <Text size="sm" c="dimmed">
            {t("login.hint")}
          </Text>
        </Stack>
      </form>
    </main>
  );
}

/** Only a path of ours; an address from elsewhere leads to the start. */
function ownPath(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/queue";
}

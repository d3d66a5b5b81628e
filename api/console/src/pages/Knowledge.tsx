/** What is known of fault modes: found by words, written by whoever knows, with what has helped so far. */
import { Alert, Button, Group, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { useArticles, useTakeShipped, useWriteArticle } from "../api/articles";
import { mayDo } from "../api/roles";
import type { Article, ArticleRequest } from "../api/types";
import { Dialog, DialogEnd } from "../app/Dialog";
import { Card, Listing } from "../app/Listing";
import { useProblemSentence } from "../app/Notice";
import { SearchField } from "../app/SearchField";
import { useWords } from "../i18n";
import { Helped } from "../ticket/Known";
import { Moment } from "../words/Moment";
import { useNames } from "../words/names";
import { spoken } from "../words/spoken";

const LANGUAGES = ["en", "zh"] as const;
const STATUSES = ["draft", "published", "retired"] as const;

export function Knowledge() {
  const { t, language } = useWords();
  const names = useNames();
  const [search] = useSearchParams();
  const articles = useArticles(search.get("q") ?? "").data?.items ?? [];
  const role = useAccount().data?.role;
  const mayWrite = mayDo(role, "technician");
  const shipped = useTakeShipped();
  const [written, setWritten] = useState<Article | "new" | null>(null);
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("known.page")}</h1>
        <SearchField name="q" label={t("known.find")} />
        {mayDo(role, "manager") && (
          <Button
            size="xs"
            variant="default"
            className="push"
            loading={shipped.isPending}
            disabled={shipped.isSuccess}
            onClick={() => shipped.mutate()}
          >
            {shipped.data ? t("known.taken", { count: shipped.data.items.length }) : t("known.takeShipped")}
          </Button>
        )}
        {mayWrite && (
          <Button size="xs" className={mayDo(role, "manager") ? undefined : "push"} onClick={() => setWritten("new")}>
            {t("known.write")}
          </Button>
        )}
      </div>
      <Card id="articles" title={t("known.articles")}>
        <Listing
          isMain
          name={t("known.articles")}
          columns={["article", "about", "status", "helped", "changed"].map((one) => t(`known.columns.${one}`))}
          empty={t("known.none")}
          rows={articles.map((one) => ({
            key: one.id,
            cells: [
              mayWrite ? (
                <Button key="w" variant="subtle" size="compact-sm" onClick={() => setWritten(one)}>
                  {spoken(one.text.title, language)}
                </Button>
              ) : (
                spoken(one.text.title, language)
              ),
              `${names.fault(one.kind, one.fault_mode)} · ${one.model || names.kind(one.kind)}`,
              t(`known.statuses.${one.status}`),
              <Helped key="h" article={one} />,
              <span key="c">
                {one.changed_by} <Moment at={one.changed_at} as="ago" />
              </span>,
            ],
          }))}
        />
      </Card>
      {written && <Write article={written === "new" ? null : written} onClose={() => setWritten(null)} />}
    </div>
  );
}

function Write({ article, onClose }: { article: Article | null; onClose: () => void }) {
  const { t } = useWords();
  const names = useNames();
  const sentence = useProblemSentence();
  const write = useWriteArticle();
  const [draft, setDraft] = useState<ArticleRequest>(
    article ?? {
      kind: names.kinds()[0] ?? "",
      fault_mode: "",
      model: "",
      status: "draft",
      text: { title: {}, body: {}, customer: {} },
    },
  );
  const put = (part: keyof ArticleRequest["text"], tag: string, said: string) =>
    setDraft({ ...draft, text: { ...draft.text, [part]: { ...draft.text[part], [tag]: said } } });
  const send = () => {
    const { kind, fault_mode, model, status, text } = draft;
    const owner = article?.owner ?? null;
    const body = { kind, fault_mode, model, status, text, owner };
    write.mutate({ id: article?.id, seen: article?.version, body }, { onSuccess: onClose });
  };
  const faults = [
    { value: "", label: "–" },
    ...names.faults(draft.kind).map((one) => labelled(one, names, draft.kind)),
  ];
  return (
    <Dialog opened onClose={onClose} title={t("known.write")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Stack gap="sm">
          <Group grow>
            <NativeSelect
              label={t("known.kind")}
              value={draft.kind}
              disabled={article !== null}
              onChange={(event) => setDraft({ ...draft, kind: event.currentTarget.value, fault_mode: "" })}
              data={names.kinds().map((one) => ({ value: one, label: names.kind(one) }))}
            />
            <NativeSelect
              label={t("known.fault")}
              value={draft.fault_mode}
              required
              disabled={article !== null}
              onChange={(event) => setDraft({ ...draft, fault_mode: event.currentTarget.value })}
              data={faults}
            />
          </Group>
          <Group grow>
            <TextInput
              label={t("known.model")}
              placeholder={t("known.allModels")}
              value={draft.model ?? ""}
              disabled={article !== null}
              maxLength={200}
              onChange={(event) => setDraft({ ...draft, model: event.currentTarget.value })}
            />
            <NativeSelect
              label={t("known.columns.status")}
              value={draft.status}
              onChange={(event) => setDraft({ ...draft, status: event.currentTarget.value as Article["status"] })}
              data={STATUSES.map((one) => ({ value: one, label: t(`known.statuses.${one}`) }))}
            />
          </Group>
          {LANGUAGES.map((tag) => (
            <Stack key={tag} gap={4}>
              <TextInput
                label={t(`known.parts.title.${tag}`)}
                maxLength={200}
                value={draft.text.title[tag] ?? ""}
                onChange={(event) => put("title", tag, event.currentTarget.value)}
              />
              <Textarea
                label={t(`known.parts.body.${tag}`)}
                autosize
                minRows={2}
                maxRows={8}
                value={draft.text.body[tag] ?? ""}
                onChange={(event) => put("body", tag, event.currentTarget.value)}
              />
              <Textarea
                label={t(`known.parts.customer.${tag}`)}
                autosize
                maxRows={6}
                value={draft.text.customer?.[tag] ?? ""}
                onChange={(event) => put("customer", tag, event.currentTarget.value)}
              />
            </Stack>
          ))}
          {write.isError && <Alert color="red">{sentence(write.error)}</Alert>}
          <DialogEnd onCancel={onClose} label={t("known.save")} isBusy={write.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}

function labelled(value: string, names: ReturnType<typeof useNames>, kind: string) {
  return { value, label: names.fault(kind, value) };
}

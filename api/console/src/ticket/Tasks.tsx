/** What other departments are asked to do for a ticket: asked here, answered here. */
import { Button, Group, TextInput } from "@mantine/core";
import { useState } from "react";

import { useAnswerTask, useAskTask } from "../api/tasks";
import type { Beside, Ticket } from "../api/types";
import { CallFailed } from "../app/Notice";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";

type Task = Beside["tasks"][number];

export function Tasks({ ticket, tasks, may }: { ticket: Ticket; tasks: Task[]; may: boolean }) {
  const { t } = useWords();
  const ask = useAskTask(ticket.number);
  const [department, setDepartment] = useState("");
  const [text, setText] = useState("");
  const isReady = department.trim() !== "" && text.trim() !== "";
  return (
    <>
      {tasks.length > 0 && (
        <ul>
          {tasks.map((one) => (
            <OneTask key={one.id} task={one} may={may} />
          ))}
        </ul>
      )}
      {may && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate({ department, text }, { onSuccess: () => setText("") });
          }}
        >
          <Group gap="xs" align="end">
            <TextInput
              label={t("tasks.department")}
              maxLength={64}
              value={department}
              onChange={(event) => setDepartment(event.currentTarget.value)}
            />
            <TextInput
              label={t("tasks.text")}
              maxLength={2000}
              value={text}
              style={{ flex: 1 }}
              onChange={(event) => setText(event.currentTarget.value)}
            />
            <Button type="submit" size="sm" disabled={!isReady} loading={ask.isPending}>
              {t("tasks.ask")}
            </Button>
          </Group>
          {ask.isError && <CallFailed error={ask.error} />}
        </form>
      )}
    </>
  );
}

function OneTask({ task, may }: { task: Task; may: boolean }) {
  const { t } = useWords();
  const answer = useAnswerTask();
  return (
    <li>
      <b>{task.department}</b>
      {t("colon")}
      {task.text} <span className={task.is_late ? "mark warn" : "mark calm"}>{t(`tasks.states.${task.state}`)}</span>{" "}
      <span className="dim">
        {task.answered_by ?? task.asked_by} <Moment at={task.answered_at ?? task.asked_at} as="ago" />
      </span>
      {task.answer && <q>{task.answer}</q>}
      {may && task.state === "open" && (
        <Group gap="xs" mt={4}>
          {(["do", "decline"] as const).map((step) => (
            <Button
              key={step}
              size="compact-sm"
              variant="default"
              loading={answer.isPending}
              onClick={() => answer.mutate({ id: task.id, step })}
            >
              {t(`tasks.steps.${step}`)}
            </Button>
          ))}
        </Group>
      )}
      {answer.isError && <CallFailed error={answer.error} />}
    </li>
  );
}

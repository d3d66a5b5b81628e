/** Four steps for somebody new to the demo, from an appliance to a remote test; each is done by doing it, and all can be put away. */
import { CloseButton } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Link, useLocation } from "react-router";

import { useWords } from "../i18n";

const KEY = "fettle.guide";
const AWAY = "away";
/** Where each step leads, and the page on which it is done. */
const STEPS = [
  { name: "appliance", to: "/appliances", doneAt: /^\/appliances\/./ },
  { name: "finding", to: "/alerts", doneAt: /^\/alerts\/./ },
  { name: "ticket", to: "/queue", doneAt: /^\/tickets\/./ },
  { name: "test", to: "/queue", doneAt: /^\/sessions\/./ },
] as const;

export function Guide() {
  const { t } = useWords();
  const { pathname } = useLocation();
  const [told, setTold] = useState(() => localStorage.getItem(KEY) ?? "");
  const remember = (words: string) => {
    localStorage.setItem(KEY, words);
    setTold(words);
  };
  const now = STEPS.find((step) => step.doneAt.test(pathname));
  useEffect(() => {
    if (now && told !== AWAY && !told.split(" ").includes(now.name)) {
      const words = `${told} ${now.name}`.trim();
      localStorage.setItem(KEY, words);
      setTold(words);
    }
  }, [now, told]);
  if (told === AWAY) return null;
  const done = told.split(" ");
  const next = STEPS.find((step) => !done.includes(step.name));
  return (
    <section className="guide" aria-label={t("guide.title")}>
      <strong>{t(next ? "guide.title" : "guide.done")}</strong>
      <ol>
        {STEPS.map(({ name, to }) => (
          <li key={name} aria-current={name === next?.name ? "step" : undefined}>
            {done.includes(name) && <IconCircleCheck size={14} aria-label={t("guide.isDone")} />}
            <Link to={to}>{t(`guide.steps.${name}`)}</Link>
          </li>
        ))}
      </ol>
      {next && <span className="dim">{t(`guide.hints.${next.name}`)}</span>}
      <Link to="/help/start">{t("nav.help")}</Link>
      <CloseButton size="sm" aria-label={t("guide.away")} onClick={() => remember(AWAY)} />
    </section>
  );
}

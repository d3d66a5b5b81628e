/** The help: pages of docs/ as they were built in, searched by words, and the API as it describes itself. */
import { Skeleton, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation, useNavigate, useParams } from "react-router";

import { Failed } from "../app/Notice";
import { ApiReference } from "../help/ApiReference";
import { found, type HelpPage, useHelp } from "../help/pages";
import { useWords } from "../i18n";

const API = "api";

export function Help() {
  const { t, language } = useWords();
  const { page: slug = "start" } = useParams();
  const [words, setWords] = useState("");
  const help = useHelp(language);
  if (help.isError) return <Failed error={help.error} again={() => void help.refetch()} />;
  if (!help.data) return <Skeleton height={400} />;
  const { pages } = help.data;
  const page = pages.find((one) => one.slug === slug);
  const hits = found(pages, words);
  return (
    <div className="sheet help">
      <nav aria-label={t("help.pages")}>
        <TextInput
          type="search"
          size="xs"
          aria-label={t("help.search")}
          placeholder={t("help.search")}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
        {words.trim() ? <Hits hits={hits} onOpen={() => setWords("")} /> : <Contents pages={pages} slug={slug} />}
      </nav>
      {slug === API ? <ApiReference /> : page ? <Article page={page} /> : <p>{t("help.missing")}</p>}
    </div>
  );
}

function Contents({ pages, slug }: { pages: HelpPage[]; slug: string }) {
  const { t } = useWords();
  const groups = [...new Set(pages.map((one) => one.group))];
  const current = (one: string) => (one === slug ? ("page" as const) : undefined);
  return (
    <>
      {groups.map((group) => (
        <div key={group} role="group" aria-label={t(`help.groups.${group}`)}>
          <p className="dim">{t(`help.groups.${group}`)}</p>
          <ul>
            {pages
              .filter((one) => one.group === group)
              .map((one) => (
                <li key={one.slug}>
                  <Link to={`/help/${one.slug}`} aria-current={current(one.slug)}>
                    {one.title}
                  </Link>
                </li>
              ))}
            {group === "reference" && (
              <li>
                <Link to={`/help/${API}`} aria-current={current(API)}>
                  {t("help.api")}
                </Link>
              </li>
            )}
          </ul>
        </div>
      ))}
    </>
  );
}

function Hits({ hits, onOpen }: { hits: ReturnType<typeof found>; onOpen: () => void }) {
  const { t } = useWords();
  return (
    <>
      <p role="status" className="dim">
        {t("help.hits", { count: hits.length })}
      </p>
      <ul>
        {hits.map(({ page, around }) => (
          <li key={page.slug}>
            <Link to={`/help/${page.slug}`} onClick={onOpen}>
              {page.title}
            </Link>
            <p className="dim">{around}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A page; its links stay inside the console, and a heading that the address names comes into sight. */
function Article({ page }: { page: HelpPage }) {
  const { t, language } = useWords();
  const navigate = useNavigate();
  const { hash } = useLocation();
  useEffect(() => {
    document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView();
  }, [hash, page]);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const follow = (event: MouseEvent) => {
      const path = event.target instanceof Element ? event.target.closest("a")?.getAttribute("href") : null;
      if (!path?.startsWith("/") || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      void navigate(path);
    };
    const article = box.current;
    article?.addEventListener("click", follow);
    return () => article?.removeEventListener("click", follow);
  }, [navigate]);
  return (
    <article ref={box} lang={page.language}>
      {page.language !== language && <p className="dim">{t("help.otherLanguage")}</p>}
      {/* Built from our own pages, in which HTML stays text. */}
      <div dangerouslySetInnerHTML={{ __html: page.html }} />
    </article>
  );
}

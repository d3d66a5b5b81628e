/** The API as it describes itself: every path by what it is about, what it takes and what it answers. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { Failed } from "../app/Notice";
import { useWords } from "../i18n";

interface Operation {
  tags?: string[];
  description?: string;
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  requestBody?: { content: Record<string, { schema?: { $ref?: string } }> };
}

interface Described {
  paths: Record<string, Record<string, Operation>>;
}

export function ApiReference() {
  const { t } = useWords();
  const described = useQuery({
    queryKey: ["openapi"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<Described> => (await fetch("/api/v1/openapi.json", { signal })).json(),
  });
  if (described.isError) return <Failed error={described.error} again={() => void described.refetch()} />;
  if (!described.data) return <Skeleton height={400} />;
  const all = Object.entries(described.data.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = [...new Set(all.map((one) => one.operation.tags?.[0] ?? ""))].sort();
  return (
    <article lang="en">
      <h1>{t("help.api")}</h1>
      <p className="dim">
        {t("help.apiText")} <code>/api/v1/openapi.json</code>
      </p>
      {tags.map((tag) => (
        <section key={tag} aria-labelledby={`api-${tag}`}>
          <h2 id={`api-${tag}`}>{tag}</h2>
          {all
            .filter((one) => (one.operation.tags?.[0] ?? "") === tag)
            .map(({ path, method, operation }) => (
              <details key={`${method} ${path}`}>
                <summary>
                  <code>
                    {method} {path}
                  </code>
                </summary>
                <p>{operation.description ?? operation.summary}</p>
                <ul>
                  {(operation.parameters ?? []).map((one) => (
                    <li key={`${one.in} ${one.name}`}>
                      <code>{one.name}</code> <span className="dim">{one.in}</span> {one.description}
                    </li>
                  ))}
                  {Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => (
                    <li key={schema?.$ref ?? "body"}>
                      <span className="dim">body</span> <code>{schema?.$ref?.split("/").pop()}</code>
                    </li>
                  ))}
                </ul>
              </details>
            ))}
        </section>
      ))}
    </article>
  );
}

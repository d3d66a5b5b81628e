/** Speaks to the API of the same host, typed by its own description: JSON in, JSON or a problem with a sentence out. */
import createClient, { type Middleware } from "openapi-fetch";

import type { paths } from "./schema";

/** What the API says when it can't do something (RFC 9457), or what we say when it can't be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string | null,
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail ?? title);
  }
}

const border: Middleware = {
  onRequest: ({ request }) => {
    if (!request.headers.has("accept-language")) {
      request.headers.set("accept-language", document.documentElement.lang);
    }
    return request;
  },
  onResponse: async ({ response }) => {
    if (!response.ok) throw await problemOf(response);
  },
  onError: ({ error }) =>
    error instanceof DOMException && error.name === "AbortError" ? undefined : new Problem(0, "unreachable", null),
};

/** Every call of the API; whatever is no success is thrown as a problem. */
export const api = createClient<paths>({ credentials: "same-origin" });
api.use(border);

/** What a call answered. */
export async function told<Data>(call: Promise<{ data?: Data }>): Promise<NonNullable<Data>> {
  return (await call).data as NonNullable<Data>;
}

/** The version that the reader saw, as a header: the change is refused (412) where another one is there by now. */
export function ifMatch(seen: number | undefined): { "if-match"?: string } {
  return seen === undefined ? {} : { "if-match": `"${seen}"` };
}

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const title = typeof body.title === "string" ? body.title : response.statusText;
  return new Problem(response.status, title, typeof body.detail === "string" ? body.detail : null, body);
}

/** Speaks to the API of the same host: JSON in, JSON or a problem with a sentence out. */

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

type Query = Record<string, string | number | string[] | null | undefined>;

const ROOT = "/api/v1";

function address(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) words.append(name, one);
    else if (value !== null && value !== undefined && value !== "") words.append(name, String(value));
  }
  const tail = words.toString();
  return `${ROOT}${path}${tail ? `?${tail}` : ""}`;
}

async function answer<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    const headers = { "accept-language": document.documentElement.lang, ...init.headers };
    response = await fetch(url, { credentials: "same-origin", ...init, headers });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new Problem(0, "unreachable", null);
  }
  if (response.ok) return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const title = typeof body.title === "string" ? body.title : response.statusText;
  throw new Problem(response.status, title, typeof body.detail === "string" ? body.detail : null, body);
}

/** Reads. */
export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return answer<T>(address(path, query), signal ? { signal } : {});
}

/** Asks for a change; with the version that the reader saw it is refused (412) where another one is there by now. */
export function post<T>(path: string, body: unknown = {}, seen?: number): Promise<T> {
  const headers = { "content-type": "application/json", ...(seen === undefined ? {} : { "if-match": `"${seen}"` }) };
  return answer<T>(address(path), { method: "POST", headers, body: JSON.stringify(body) });
}

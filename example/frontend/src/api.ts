// Writes go to the REST API; so do coming and going.
import type { User } from "./types";

export interface Account {
  username: string;
  name: string;
  about: string;
  password: string;
}

/** The API said no; the message is the API's own. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly reasons: unknown,
  ) {
    super(inWords(reasons) || `The server answered ${status}.`);
  }
}

function inWords(reasons: unknown): string {
  if (typeof reasons === "string") return reasons;
  if (Array.isArray(reasons)) return reasons.map(inWords).join(" ");
  if (reasons && typeof reasons === "object") return Object.values(reasons).map(inWords).join(" ");
  return "";
}

export function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

/** Headers that say who asks: the tab's own token, or the session's CSRF token. */
export function credentials(token: string | null): Record<string, string> {
  return token ? { Authorization: `Token ${token}` } : { "X-CSRFToken": csrfToken() };
}

export class Api {
  constructor(readonly token: string | null = null) {}

  get = <T>(path: string) => this.send<T>("GET", path);
  post = <T>(path: string, body: unknown) => this.send<T>("POST", path, body);
  patch = <T>(path: string, body: unknown) => this.send<T>("PATCH", path, body);
  delete = (path: string) => this.send<void>("DELETE", path);

  private async send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`/api/${path}`, {
      method,
      credentials: this.token ? "omit" : "same-origin",
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...credentials(this.token),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const answer: unknown = isJson ? await response.json() : null;
    if (!response.ok) throw new Refused(response.status, answer);
    return answer as T;
  }
}

export interface Visitor {
  user: User;
  api: Api;
  accounts: Account[];
}

interface Session {
  user: User | null;
  accounts: Account[];
}

/**
 * Who looks at this page: the session's user, or with `?visitor=ben` a demonstration account that
 * this tab enters by token, so that two tabs of one browser can be two visitors.
 */
export async function findVisitor(): Promise<{ visitor: Visitor | null; accounts: Account[] }> {
  const { user, accounts } = await new Api().get<Session>("session/");
  const name = new URLSearchParams(location.search).get("visitor");
  if (name) return { visitor: await enterByToken(name, accounts), accounts };
  return { visitor: user && { user, api: new Api(), accounts }, accounts };
}

async function enterByToken(username: string, accounts: Account[]): Promise<Visitor> {
  const account = accounts.find((each) => each.username === username);
  if (!account) throw new Error(`There is no demonstration account called “${username}”.`);
  const { password } = account;
  const { token } = await new Api().post<{ token: string }>("token/", { username, password });
  const api = new Api(token);
  const { user } = await api.get<{ user: User }>("session/");
  return { user, api, accounts };
}

export async function logIn(username: string, password: string): Promise<void> {
  await new Api().post("session/", { username, password });
}

export async function logOut(): Promise<void> {
  await new Api().delete("session/");
}

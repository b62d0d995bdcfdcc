// What comes over the socket, kept for showing.
import { Store } from "./store";

export interface Arrival {
  key: number;
  at: Date;
  operation: string;
  kind: "payload" | "error" | "note";
  text: string;
  body: unknown;
  bytes: number;
}

const KEPT = 60;

/** The latest arrivals, newest first. */
export class Wire extends Store<Arrival[]> {
  private count = 0;
  private readonly names = new Map<string, string>();

  constructor() {
    super([]);
  }

  /** An id for an operation, under which its payloads will arrive. */
  open(name: string | null | undefined): string {
    const id = `${++this.count}`;
    this.names.set(id, name ?? "anonymous");
    return id;
  }

  payload(id: string, body: unknown): void {
    const text = inBrief(body);
    this.keep({ operation: this.name(id), kind: text === "error" ? "error" : "payload", text, body });
  }

  error(id: string, body: unknown): void {
    this.keep({ operation: this.name(id), kind: "error", text: "error", body });
  }

  note(operation: string, text: string): void {
    this.keep({ operation, kind: "note", text, body: null });
  }

  clear(): void {
    this.set([]);
  }

  private name(id: string): string {
    return this.names.get(id) ?? id;
  }

  private keep(arrival: Omit<Arrival, "key" | "at" | "bytes">): void {
    const bytes = arrival.body === null ? 0 : new Blob([JSON.stringify(arrival.body)]).size;
    const entry = { ...arrival, key: ++this.count, at: new Date(), bytes };
    this.set([entry, ...this.get()].slice(0, KEPT));
  }
}

interface Envelope {
  snapshot?: { results?: unknown[] } | unknown[] | null;
  created?: unknown[];
  updated?: unknown[];
  deleted?: unknown[];
  query?: unknown;
  action?: string;
}

function inBrief(body: unknown): string {
  const { data, errors } = body as { data?: Record<string, Envelope>; errors?: unknown };
  const envelope = data && Object.values(data)[0];
  if (!envelope) return errors ? "error" : "";
  const parts = [];
  if (envelope.snapshot) {
    const rows = Array.isArray(envelope.snapshot) ? envelope.snapshot : envelope.snapshot.results;
    parts.push(`snapshot of ${rows?.length ?? 0}`);
  }
  for (const kind of ["created", "updated", "deleted"] as const) {
    const rows = envelope[kind];
    if (rows?.length) parts.push(`${rows.length} ${kind}`);
  }
  if (envelope.action) parts.push(envelope.action.toLowerCase());
  if (envelope.query) parts.push("query read again");
  return parts.join(", ");
}

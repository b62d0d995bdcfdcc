import { useMemo } from "react";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?\d+(?:\.\d+)?)\b/g;

/** JSON in colour. Apollo asks for `__typename` everywhere; it is left out for the reader's sake. */
export function Json({ value }: { value: unknown }) {
  const parts = useMemo(() => colour(inLines(value)), [value]);
  return (
    <pre className="json" tabIndex={0}>
      {parts}
    </pre>
  );
}

function inLines(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => (key === "__typename" ? undefined : inner), 2);
}

function colour(text: string) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    const [all, string, colon] = match;
    const kind = string ? (colon ? "key" : "string") : "atom";
    parts.push(
      <span key={match.index} className={kind}>
        {string ?? all}
      </span>,
    );
    if (colon) parts.push(colon);
    end = match.index + all.length;
  }
  parts.push(text.slice(end));
  return parts;
}

import { useState } from "react";
import { useSurroundings } from "./context";
import { Close } from "./icons";
import { Json } from "./Json";
import { useStore } from "./store";
import type { Arrival } from "./wire";
import { timeOfDay } from "./words";

const CHANGE = /created|updated|deleted/;

/** The payloads as they come in over the socket. */
export function WirePanel({ onClose }: { onClose(): void }) {
  const { wire } = useSurroundings().connection;
  const arrivals = useStore(wire);
  return (
    <aside className="wire" aria-label="On the wire">
      <header>
        <h2>On the wire</h2>
        <button className="link" onClick={() => wire.clear()} disabled={!arrivals.length}>
          Clear
        </button>
        <button className="quiet square" onClick={onClose} aria-label="Close the wire">
          <Close />
        </button>
      </header>
      {arrivals.length === 0 && (
        <p className="hint">Quiet. Change a task, here or as somebody else: its payload shows up here.</p>
      )}
      <ol>
        {arrivals.map((arrival) => (
          <Entry key={arrival.key} arrival={arrival} />
        ))}
      </ol>
    </aside>
  );
}

function Entry({ arrival }: { arrival: Arrival }) {
  const { kind, at, operation, text, body, bytes } = arrival;
  const [isOpen, setOpen] = useState(() => kind === "payload" && bytes < 1500 && CHANGE.test(text));
  return (
    <li data-kind={kind}>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="operation">{operation}</span>
          <span className="brief">{text}</span>
          <span className="stamp">
            <time dateTime={at.toISOString()}>{timeOfDay(at)}</time>
            {bytes > 0 && <span>{size(bytes)}</span>}
          </span>
        </summary>
        {isOpen && body !== null && <Json value={body} />}
      </details>
    </li>
  );
}

function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}

import { useEffect, useState } from "react";
import { logOut } from "./api";
import { useSurroundings } from "./context";
import { Moon, Sun, Unplug, Wave } from "./icons";
import { Avatar } from "./parts";
import { useStore } from "./store";
import { applyTheme, currentTheme } from "./theme";

interface Props {
  isWireOpen: boolean;
  onWire(): void;
  onLeave(): void;
}

export function TopBar({ isWireOpen, onWire, onLeave }: Props) {
  return (
    <header className="top">
      <p className="brand">
        <span className="brand-mark" aria-hidden="true" /> <span className="brand-name">Northlight</span>
      </p>
      <LineState />
      <button className="quiet" aria-pressed={isWireOpen} onClick={onWire}>
        <Wave /> <span className="wide-only">On the wire</span>
      </button>
      <ThemeButton />
      <Account onLeave={onLeave} />
    </header>
  );
}

/** Whether changes are coming in; with a way to break the connection and watch it mend. */
function LineState() {
  const { connection } = useSurroundings();
  const line = useStore(connection.line);
  return (
    <div className="line" data-phase={line.phase} role="status">
      <span className="beacon" aria-hidden="true" />
      {line.phase === "connecting" && <span>Connecting</span>}
      {line.phase === "live" && (
        <>
          <span>Live</span>
          <button onClick={connection.drop} title="Break the connection, as a network would">
            <Unplug /> <span className="wide-only">Drop connection</span>
            <span className="unseen narrow-only">Drop connection</span>
          </button>
        </>
      )}
      {line.phase === "waiting" && (
        <>
          <Countdown until={line.retryAt} />
          <button onClick={connection.retry}>Now</button>
        </>
      )}
    </div>
  );
}

function Countdown({ until }: { until: Date }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((until.getTime() - now) / 1000));
  return (
    <span aria-live="off">{seconds ? `Offline, back in ${seconds} s` : "Reconnecting"}</span>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useState(currentTheme);
  const other = theme === "dark" ? "light" : "dark";
  const change = () => {
    applyTheme(other);
    setTheme(other);
  };
  return (
    <button className="quiet square" onClick={change} aria-label={`Change to ${other} mode`}>
      {theme === "dark" ? <Sun /> : <Moon />}
    </button>
  );
}

function Account({ onLeave }: { onLeave(): void }) {
  const { visitor } = useSurroundings();
  const others = visitor.accounts.filter(({ username }) => username !== visitor.user.username);
  const leave = async () => {
    await logOut();
    onLeave();
  };
  return (
    <>
      <button className="quiet account" popoverTarget="account" aria-label={`Account of ${visitor.user.name}`}>
        <Avatar user={visitor.user} small />
        <span className="wide-only">{visitor.user.name}</span>
      </button>
      <div id="account" popover="auto" className="menu">
        <p>
          <strong>{visitor.user.name}</strong>
          <small>{visitor.api.token ? "by token, in this tab only" : "logged in"}</small>
        </p>
        {others.length > 0 && (
          <>
            <h2>Open a second visitor</h2>
            {others.map(({ username, name }) => (
              <a key={username} href={`/?visitor=${username}`} target="_blank" rel="noopener">
                {name}
              </a>
            ))}
            <a href="/two/">Two side by side</a>
          </>
        )}
        {!visitor.api.token && (
          <button onClick={leave}>Log out</button>
        )}
      </div>
    </>
  );
}

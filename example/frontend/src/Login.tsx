import { useState, type FormEvent } from "react";
import { logIn, type Account } from "./api";
import { Avatar } from "./parts";

/** The door: a form, and on the demonstration a button for each account. */
export function Login({ accounts, onEntered }: { accounts: Account[]; onEntered(): Promise<void> }) {
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const enter = async (username: string, password: string) => {
    setBusy(true);
    setError(null);
    try {
      await logIn(username, password);
      await onEntered();
    } catch (refusal) {
      setError((refusal as Error).message);
      setBusy(false);
    }
  };

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void enter(`${form.get("username")}`, `${form.get("password")}`);
  };

  return (
    <main className="door">
      <p className="brand">
        <span className="brand-mark" aria-hidden="true" /> Northlight
      </p>
      <h1>What is everybody working on?</h1>
      {accounts.length > 0 && (
        <section aria-labelledby="as">
          <h2 id="as">Come in as</h2>
          <ul className="accounts">
            {accounts.map((account, index) => (
              <li key={account.username}>
                <button disabled={isBusy} onClick={() => enter(account.username, account.password)}>
                  <Avatar user={{ id: `${index + 1}`, ...account }} />
                  <span>
                    <strong>{account.name}</strong>
                    <small>{account.about}</small>
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <p className="hint">
            Or see <a href="/two/">two visitors side by side</a>.
          </p>
        </section>
      )}
      <form onSubmit={submit}>
        <h2>Log in</h2>
        <label>
          User name
          <input name="username" autoComplete="username" autoCapitalize="none" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {error && (
          <p className="problem" role="alert">
            {error}
          </p>
        )}
        <button className="primary" disabled={isBusy}>
          Log in
        </button>
      </form>
    </main>
  );
}

import { ApolloProvider } from "@apollo/client/react";
import { useCallback, useEffect, useState } from "react";
import { findVisitor, type Account, type Visitor } from "./api";
import { Board } from "./Board";
import { connect, type Connection } from "./connection";
import { Login } from "./Login";

type Stage =
  | { name: "arriving" }
  | { name: "door"; accounts: Account[] }
  | { name: "inside"; visitor: Visitor; connection: Connection }
  | { name: "failed"; message: string };

export function App() {
  const [stage, setStage] = useState<Stage>({ name: "arriving" });

  const arrive = useCallback(async () => {
    try {
      const { visitor, accounts } = await findVisitor();
      setStage(
        visitor
          ? { name: "inside", visitor, connection: connect(visitor.api) }
          : { name: "door", accounts },
      );
    } catch (error) {
      setStage({ name: "failed", message: (error as Error).message });
    }
  }, []);

  useEffect(() => void arrive(), [arrive]);

  if (stage.name === "arriving") return <div className="arriving" aria-busy="true" />;
  if (stage.name === "failed") return <Failed message={stage.message} onRetry={arrive} />;
  if (stage.name === "door") return <Login accounts={stage.accounts} onEntered={arrive} />;
  const leave = () => {
    stage.connection.close();
    setStage({ name: "arriving" });
    void arrive();
  };
  return (
    <ApolloProvider client={stage.connection.apollo}>
      <Board visitor={stage.visitor} connection={stage.connection} onLeave={leave} />
    </ApolloProvider>
  );
}

function Failed({ message, onRetry }: { message: string; onRetry(): void }) {
  return (
    <main className="door">
      <h1>The board did not open</h1>
      <p className="lead">{message}</p>
      <p className="row">
        <button className="primary" onClick={onRetry}>
          Try again
        </button>
        <a href="/">To the front door</a>
      </p>
    </main>
  );
}

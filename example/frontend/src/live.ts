// Live state, driven by what the subscriptions send.
import type { OperationVariables, TypedDocumentNode } from "@apollo/client";
import { useApolloClient } from "@apollo/client/react";
import { useCallback, useEffect, useMemo, useReducer, useState } from "react";
import type { ListChange, RowChange } from "./types";

interface Row {
  id: string;
}

export interface LiveList<R> {
  rows: R[];
  /** The rows that the latest change created or updated; none of a snapshot's. */
  touched: ReadonlySet<string>;
  /** No snapshot for these variables yet; `rows` may still be those of the ones before. */
  loading: boolean;
  /** Why the server ended the subscription, in its own words. */
  error: string | null;
  /** Subscribe anew after an error. */
  again(): void;
}

type Event<R> =
  | { type: "asked" }
  | { type: "change"; change: ListChange<R> }
  | { type: "failed"; message: string };

interface ListState<R> {
  byId: ReadonlyMap<string, R>;
  touched: ReadonlySet<string>;
  loading: boolean;
  error: string | null;
}

const NOTHING: ReadonlySet<string> = new Set();

/** A snapshot replaces; created and updated put; deleted removes. That is all of it. */
function follow<R extends Row>(state: ListState<R>, event: Event<R>): ListState<R> {
  if (event.type === "asked") return { ...state, touched: NOTHING, loading: true, error: null };
  // Refused: what was held until now is no longer this visitor's to see.
  if (event.type === "failed") {
    return { byId: new Map(), touched: NOTHING, loading: false, error: event.message };
  }
  const { snapshot, created, updated, deleted } = event.change;
  const byId = new Map<string, R>(snapshot ? [] : state.byId);
  const seen = snapshot ? (Array.isArray(snapshot) ? snapshot : snapshot.results) : [];
  for (const row of [...seen, ...created, ...updated]) {
    byId.set(row.id, unlessSame(state.byId.get(row.id), row));
  }
  for (const id of deleted) byId.delete(id);
  const touched = new Set([...created, ...updated].map(({ id }) => id));
  return { byId, touched, loading: false, error: null };
}

/** The row that is held already, if nothing changed: a snapshot of the known must not flash. */
function unlessSame<R>(held: R | undefined, row: R): R {
  return held && JSON.stringify(held) === JSON.stringify(row) ? held : row;
}

/** Subscribe to a list of the API and hold what it holds. */
export function useLiveList<R extends Row, V extends OperationVariables>(
  document: TypedDocumentNode<{ [root: string]: ListChange<R> }, V>,
  variables: V,
): LiveList<R> {
  const client = useApolloClient();
  const [state, dispatch] = useReducer(follow<R>, {
    byId: new Map<string, R>(),
    touched: NOTHING,
    loading: true,
    error: null,
  });
  const [attempt, setAttempt] = useState(0);
  const key = JSON.stringify(variables);
  useEffect(() => {
    dispatch({ type: "asked" });
    const subscription = client
      .subscribe({ query: document, variables, fetchPolicy: "no-cache" })
      .subscribe({
        next: ({ data, error }) => {
          if (error) dispatch({ type: "failed", message: error.message });
          const change = data && (Object.values(data)[0] as ListChange<R> | undefined);
          if (change) dispatch({ type: "change", change });
        },
        error: (error: Error) => dispatch({ type: "failed", message: error.message }),
      });
    return () => subscription.unsubscribe();
    // `key` stands for `variables`, which is a new object at every render.
  }, [client, document, key, attempt]);
  const rows = useMemo(() => [...state.byId.values()], [state.byId]);
  const again = useCallback(() => setAttempt((count) => count + 1), []);
  return { rows, touched: state.touched, loading: state.loading, error: state.error, again };
}

export type LiveRow<R> =
  | { state: "loading" }
  | { state: "here"; row: R }
  | { state: "gone"; row: R | null }
  | { state: "failed"; message: string };

/** Subscribe to one row; `gone` when it was deleted or is no longer the visitor's to see. */
export function useLiveRow<R, V extends OperationVariables>(
  document: TypedDocumentNode<{ [root: string]: RowChange<R> }, V>,
  variables: V,
): LiveRow<R> {
  const client = useApolloClient();
  const [row, put] = useReducer(
    (held: LiveRow<R>, change: RowChange<R> | Error | null): LiveRow<R> => {
      if (change === null) return { state: "loading" };
      if (change instanceof Error) return { state: "failed", message: change.message };
      if (change.instance) return { state: "here", row: change.instance };
      return { state: "gone", row: "row" in held ? held.row : null };
    },
    { state: "loading" },
  );
  const key = JSON.stringify(variables);
  useEffect(() => {
    put(null);
    const subscription = client
      .subscribe({ query: document, variables, fetchPolicy: "no-cache" })
      .subscribe({
        next: ({ data, error }) => {
          if (error) put(error);
          const change = data && (Object.values(data)[0] as RowChange<R> | undefined);
          if (change) put(change);
        },
        error: (error: Error) => put(error),
      });
    return () => subscription.unsubscribe();
    // `key` stands for `variables`, which is a new object at every render.
  }, [client, document, key]);
  return row;
}

// The one socket of a visitor, and the Apollo Client that speaks through it.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient, type Client } from "graphql-ws";
import { credentials, type Api } from "./api";
import { Store } from "./store";
import { Wire } from "./wire";

export type Line =
  | { phase: "connecting" }
  | { phase: "live"; since: Date }
  | { phase: "waiting"; since: Date; retryAt: Date };

export interface Connection {
  apollo: ApolloClient;
  line: Store<Line>;
  wire: Wire;
  /** Break the connection as a network would; it comes back by itself. */
  drop(): void;
  /** Do not wait any longer. */
  retry(): void;
  close(): void;
}

const PATIENCE = [5000, 3000, 3000, 5000, 8000];

export function connect(api: Api): Connection {
  const line = new Store<Line>({ phase: "connecting" });
  const wire = new Wire();
  let retry = () => {};

  const wait = (retries: number) =>
    new Promise<void>((resolve) => {
      const patience = PATIENCE[Math.min(retries, PATIENCE.length - 1)]!;
      const retryAt = new Date(Date.now() + patience);
      const now = line.get();
      line.set({ phase: "waiting", since: now.phase === "waiting" ? now.since : new Date(), retryAt });
      const timer = setTimeout(resolve, patience);
      retry = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const socket = openSocket(api, line, wire, wait);
  return {
    apollo: createApollo(api, socket),
    line,
    wire,
    drop: () => socket.terminate(),
    retry: () => retry(),
    close: () => void socket.dispose(),
  };
}

function openSocket(
  api: Api,
  line: Store<Line>,
  wire: Wire,
  wait: (retries: number) => Promise<void>,
): Client {
  return createClient({
    url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql/`,
    connectionParams: () => (api.token ? { Authorization: `Token ${api.token}` } : {}),
    keepAlive: 10_000,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: wait,
    generateID: (payload) => wire.open(payload.operationName),
    on: {
      connected: () => {
        line.set({ phase: "live", since: new Date() });
        wire.note("socket", "connected");
      },
      closed: (event) => {
        const { code } = event as CloseEvent;
        wire.note("socket", `closed with ${code}`);
      },
      message: (message) => {
        if (message.type === "next") wire.payload(message.id, message.payload);
        if (message.type === "error") wire.error(message.id, message.payload);
      },
    },
  });
}

function createApollo(api: Api, socket: Client): ApolloClient {
  const http = new HttpLink({
    uri: "/graphql/",
    credentials: api.token ? "omit" : "same-origin",
    fetch: (input, init) =>
      fetch(input, { ...init, headers: { ...(init?.headers as object), ...credentials(api.token) } }),
  });
  return new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      http,
    ),
    cache: new InMemoryCache(),
  });
}

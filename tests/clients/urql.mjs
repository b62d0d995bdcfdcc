import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { LIVE, PAGE, fail, headers, page, show, site } from "./site.mjs";

const socket = createClient({ url: site.ws, webSocketImpl: WebSocket, connectionParams: headers });
const client = new Client({
  url: site.http,
  fetchOptions: { headers },
  preferGetMethod: false,
  exchanges: [
    cacheExchange({ keys: Object.fromEntries(site.keyless.map((name) => [name, () => null])) }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
      }),
    }),
  ],
});

client.query(PAGE).subscribe(({ data, error }) => {
  if (error) fail(error);
  if (data) show(page(data));
});
client.subscription(LIVE).subscribe(({ error }) => error && fail(error));

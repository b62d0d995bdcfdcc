// urql with its subscriptions as event streams: the same address, no socket.
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { LIVE, PAGE, fail, headers, page, show, site } from "./site.mjs";

const client = new Client({
  url: site.http,
  fetchOptions: { headers },
  fetchSubscriptions: true,
  preferGetMethod: true,
  exchanges: [
    cacheExchange({ keys: Object.fromEntries(site.keyless.map((name) => [name, () => null])) }),
    fetchExchange,
  ],
});

client.query(PAGE).subscribe(({ data, error }) => {
  if (error) fail(error);
  if (data) show(page(data));
});
client.subscription(LIVE).subscribe(({ error }) => error && fail(error));

import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { CHANGES, fail, headers, rows, show, site } from "./site.mjs";

const client = createClient({ url: site.ws, webSocketImpl: WebSocket, connectionParams: headers });
const apply = rows();

for await (const { data, errors } of client.iterate({ query: CHANGES })) {
  if (errors) fail(JSON.stringify(errors));
  show(apply(data));
}

// A client that loses its socket and, on its return, says how far it was: the cursor of the last
// result goes out with the next subscribe message, because graphql-ws sends the same payload
// object again. It keeps its rows meanwhile, and takes what comes: what it missed as one change, or
// a snapshot. Lines from the test: "drop" and "return".
import { createInterface } from "node:readline";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { CHANGES, fail, headers, rows, show, site } from "./site.mjs";

const words = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const client = createClient({
  url: site.ws,
  webSocketImpl: WebSocket,
  connectionParams: headers,
  shouldRetry: () => true,
  retryWait: () => words.next(),
});
const apply = rows();
const payload = { query: CHANGES, extensions: { live: {} } };

client.subscribe(payload, {
  next: ({ data, errors, extensions }) => {
    if (errors) fail(JSON.stringify(errors));
    payload.extensions.live.after = extensions.live.cursor;
    show(apply(data));
  },
  error: fail,
  complete: () => fail("completed"),
});
client.on("closed", () => show("closed"));

await words.next();
client.terminate();

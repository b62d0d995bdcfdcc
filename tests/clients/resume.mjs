// A client that loses its socket and, on its return, says how far it was: the cursor of the last
// result goes out with the next subscribe message, because graphql-ws sends the same payload
// object again. It keeps its rows meanwhile, and is told what it missed as one change: a second
// snapshot, or a row as new that it holds, is a failure. Lines from the test: "drop" and "return".
import { createInterface } from "node:readline";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { CHANGES, fail, headers, rows, show, site } from "./site.mjs";

let held = [];
let snapshots = 0;

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
    const change = data[site.root];
    if (change.snapshot && ++snapshots > 1) fail("a second snapshot");
    const twice = change.created.filter((row) => held.some(({ id }) => id === row.id));
    if (twice.length) fail(`created, yet held: ${JSON.stringify(twice)}`);
    held = apply(data);
    show(held);
  },
  error: fail,
  complete: () => fail("completed"),
});
client.on("closed", () => show("closed"));

await words.next();
client.terminate();

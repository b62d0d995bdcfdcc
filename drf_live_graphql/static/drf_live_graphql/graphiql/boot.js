// Starts GraphiQL against the address of this page: queries and mutations by POST,
// subscriptions by a WebSocket at the same address.
(() => {
  "use strict";

  const { origin, pathname, searchParams } = new URL(window.location.href);
  const url = origin + pathname;
  const socketUrl = url.replace(/^http/, "ws");

  const post = GraphiQL.createFetcher({
    url,
    headers: { Accept: "application/graphql-response+json, application/json" },
  });

  // What the tab "Headers" holds goes out as HTTP headers or, for a subscription, as the payload
  // of connection_init. So each subscription has a socket of its own.
  const fetcher = (params, options = {}) =>
    isSubscription(params, options.documentAST)
      ? subscribe(params, options.headers ?? {})
      : post(params, options);

  const isSubscription = ({ operationName }, documentAST) =>
    documentAST?.definitions.some(
      ({ kind, name, operation }) =>
        kind === "OperationDefinition" &&
        operation === "subscription" &&
        (!operationName || name?.value === operationName),
    );

  const subscribe = (params, headers) => {
    let connected = false;
    const client = graphqlWs.createClient({
      url: socketUrl,
      connectionParams: headers,
      // A connection that is lost is opened again; one that never was, hardly ever will be.
      shouldRetry: () => connected,
      on: {
        connected: () => {
          connected = true;
        },
      },
    });
    const results = client.iterate(params);
    const iterator = {
      [Symbol.asyncIterator]: () => iterator,
      next: () =>
        results.next().catch((error) => {
          throw inWords(error);
        }),
      // Not by a generator: its return() would wait for the next result.
      return: () => {
        client.dispose();
        return results.return();
      },
    };
    return iterator;
  };

  // Browsers say nothing of why a socket failed; GraphiQL would show an empty object, and of an
  // Error its stack as well.
  const inWords = (error) => {
    if (error instanceof CloseEvent) {
      const reason = error.reason ? `, ${error.reason}` : "";
      return { message: `The server closed the WebSocket (${error.code}${reason}).` };
    }
    if (error instanceof Event) {
      return {
        message:
          `No WebSocket could be opened at ${socketUrl}. Subscriptions need an ASGI server, ` +
          "and an asgi.py whose application is live.asgi(get_asgi_application()).",
      };
    }
    return error;
  };

  const welcome = JSON.parse(document.getElementById("welcome").textContent);
  const given = (name) => searchParams.get(name) ?? undefined;

  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultQuery: welcome || undefined,
      query: given("query"),
      variables: given("variables"),
      plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      defaultEditorToolsVisibility: true,
      shouldPersistHeaders: false,
    }),
  );
})();

// Starts GraphiQL against the address of this page: queries and mutations by POST,
// subscriptions by a WebSocket at the same address.
(() => {
  "use strict";

  const address = new URL(window.location.href);
  const url = address.origin + address.pathname;
  const subscriptionUrl = url.replace(/^http/, "ws");
  const asked = address.searchParams;

  const text = (name) => asked.get(name) ?? undefined;

  // A subscription that is open shows its latest result. What the tab "Headers" holds goes out
  // as HTTP headers and, for a subscription, as the payload of connection_init.
  const send = GraphiQL.createFetcher({
    url,
    subscriptionUrl,
    headers: { Accept: "application/graphql-response+json, application/json" },
  });

  const element = document.getElementById("graphiql");
  const welcome = JSON.parse(document.getElementById("welcome").textContent);

  ReactDOM.createRoot(element).render(
    React.createElement(GraphiQL, {
      fetcher: send,
      defaultQuery: welcome || undefined,
      query: text("query"),
      variables: text("variables"),
      plugins: [GraphiQLPluginExplorer.explorerPlugin()],
      defaultEditorToolsVisibility: true,
      shouldPersistHeaders: false,
    }),
  );
})();

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { LIVE, PAGE, fail, headers, page, show, site } from "./site.mjs";

const socket = createClient({ url: site.ws, webSocketImpl: WebSocket, connectionParams: headers });
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: site.http, headers }),
  ),
});

client.watchQuery({ query: gql(PAGE) }).subscribe({
  next: ({ data, dataState, error }) => {
    if (error) fail(error);
    if (dataState === "complete") show(page(data));
  },
  error: fail,
});
client.subscribe({ query: gql(LIVE) }).subscribe({
  next: ({ error }) => error && fail(error),
  error: fail,
});

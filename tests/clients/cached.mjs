// The documents of the clients that keep a cache: the page is read once by a query, and the
// subscription's payloads rewrite it there. No code of the client's says how.

export const PAGE = `
  query Page {
    notes(pageSize: 100) { __typename count results { __typename id text pinned } }
  }
`;

export const LIVE = `
  subscription Live {
    notes(pageSize: 100) {
      __typename
      query { __typename notes(pageSize: 100) { __typename count results { __typename id text pinned } } }
    }
  }
`;

export const plain = ({ notes: { count, results } }) => ({
  count,
  results: results.map(({ id, text, pinned }) => ({ id, text, pinned })),
});

// What every client needs: where the site is, who it is, and a way to say what it holds.

/** {http, ws, authorization}: the addresses of GraphQL, and the header of the visitor. */
export const site = JSON.parse(process.argv[2]);

export const headers = { Authorization: site.authorization };

/** Tell the test what this client's user would see now, one line of JSON a state. */
export const show = (state) => process.stdout.write(`${JSON.stringify(state)}\n`);

export const fail = (reason) => {
  console.error(reason);
  process.exit(1);
};

/** The rows of a list, kept as the payloads of a subscription say. */
export const rows = () => {
  const held = new Map();
  return (change) => {
    if (change.snapshot) {
      held.clear();
      for (const row of change.snapshot.results) held.set(row.id, row);
    }
    for (const row of [...change.created, ...change.updated]) held.set(row.id, row);
    for (const id of change.deleted) held.delete(id);
    return [...held.values()];
  };
};

export const CHANGES = `
  subscription Notes {
    notes(pageSize: 100) {
      snapshot { results { ...Row } }
      created { ...Row }
      updated { ...Row }
      deleted
      cursor
    }
  }
  fragment Row on Note { id text pinned }
`;

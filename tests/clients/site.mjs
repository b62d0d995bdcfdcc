// What every client needs: where the site is, who it is, and a way to say what it holds.

/**
 * {http, ws}: the addresses of GraphQL; {authorization}: the visitor's header;
 * {root, arguments, fields}: the list that is watched, and what is selected of its rows.
 */
export const site = JSON.parse(process.argv[2]);

export const headers = { Authorization: site.authorization };

/** Tell the test what this client's user would see now, one line of JSON a state. */
export const show = (state) => process.stdout.write(`${JSON.stringify(state)}\n`);

export const fail = (reason) => {
  console.error(reason);
  process.exit(1);
};

const list = `${site.root}(${site.arguments})`;

/** The list as a query reads it. */
export const PAGE = `query Page { ${list} { count results { ${site.fields} } } }`;

/** The list as payloads rewrite it in a cache, with no code of the client's. */
export const LIVE = `
  subscription Live { ${list} { query { ${list} { count results { ${site.fields} } } } } }
`;

/** The list as its changes. */
export const CHANGES = `
  subscription Changes {
    ${list} {
      snapshot { results { ${site.fields} } }
      created { ${site.fields} }
      updated { ${site.fields} }
      deleted
    }
  }
`;

/** Holds the rows of the list, as the payloads of CHANGES say; returns them all each time. */
export const rows = () => {
  const held = new Map();
  return (data) => {
    const change = data[site.root];
    if (change.snapshot) {
      held.clear();
      for (const row of change.snapshot.results) held.set(row.id, row);
    }
    for (const row of [...change.created, ...change.updated]) held.set(row.id, row);
    for (const id of change.deleted) held.delete(id);
    return [...held.values()];
  };
};

/** The page in a result of PAGE, without what the cache added to it. */
export const page = (data) =>
  JSON.parse(JSON.stringify(data[site.root], (key, value) => (key === "__typename" ? undefined : value)));

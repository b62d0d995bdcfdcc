import { useEffect, useState } from "react";
import { useSurroundings } from "./context";
import { Close, Search } from "./icons";
import type { TaskFilter } from "./operations";

export interface Filter {
  mine: boolean;
  overdue: boolean;
  pressing: boolean;
  labels: string[];
  search: string;
}

export const NO_FILTER: Filter = {
  mine: false,
  overdue: false,
  pressing: false,
  labels: [],
  search: "",
};

/** The arguments of the subscription: they are the REST list's query parameters. */
export function toVariables(filter: Filter, project: string | null, me: string): TaskFilter {
  return {
    ...(project && { project }),
    ...(filter.mine && { assignee: me }),
    ...(filter.overdue && { overdue: true }),
    ...(filter.pressing && { priorityMin: 3 }),
    ...(filter.labels.length && { label: filter.labels }),
    ...(filter.search && { search: filter.search }),
  };
}

export function Filters({ filter, onChange }: { filter: Filter; onChange(filter: Filter): void }) {
  const { labels } = useSurroundings();
  const [search, setSearch] = useState(filter.search);

  const change = (part: Partial<Filter>) => {
    const next = { ...filter, ...part };
    const isEmpty =
      !next.mine && !next.overdue && !next.pressing && !next.labels.length && !next.search;
    onChange(isEmpty ? NO_FILTER : next);
  };
  const toggleLabel = (name: string) =>
    change({
      labels: filter.labels.includes(name)
        ? filter.labels.filter((each) => each !== name)
        : [...filter.labels, name],
    });

  useEffect(() => {
    if (search.trim() === filter.search) return;
    const timer = setTimeout(() => change({ search: search.trim() }), 250);
    return () => clearTimeout(timer);
  }, [search]);
  useEffect(() => {
    if (filter === NO_FILTER) setSearch("");
  }, [filter]);

  return (
    <div className="filters" role="search">
      <label className="search">
        <Search />
        <span className="unseen">Search the tasks</span>
        <input
          type="search"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </label>
      <div className="chips" role="group" aria-label="Filters">
        <Chip on={filter.mine} onToggle={() => change({ mine: !filter.mine })}>
          Mine
        </Chip>
        <Chip on={filter.overdue} onToggle={() => change({ overdue: !filter.overdue })}>
          Overdue
        </Chip>
        <Chip on={filter.pressing} onToggle={() => change({ pressing: !filter.pressing })}>
          High priority
        </Chip>
        {filter !== NO_FILTER && (
          <button className="chip clear" onClick={() => onChange(NO_FILTER)}>
            <Close /> Clear
          </button>
        )}
      </div>
      <div className="chips by-label" role="group" aria-label="Labels">
        {labels.map(({ id, name, colour }) => (
          <Chip key={id} colour={colour} on={filter.labels.includes(name)} onToggle={() => toggleLabel(name)}>
            {name}
          </Chip>
        ))}
      </div>
    </div>
  );
}

interface ChipProps {
  on: boolean;
  onToggle(): void;
  colour?: string;
  children: string;
}

function Chip({ on, onToggle, colour, children }: ChipProps) {
  return (
    <button className="chip" aria-pressed={on} data-colour={colour} onClick={onToggle}>
      {colour && <span className="dot" />}
      {children}
    </button>
  );
}

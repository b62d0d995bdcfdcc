import { useQuery, useSubscription } from "@apollo/client/react";
import { useCallback, useMemo, useState } from "react";
import type { Visitor } from "./api";
import { Columns } from "./Columns";
import type { Connection } from "./connection";
import { Context, mayWork, type Surroundings } from "./context";
import { Drawer } from "./Drawer";
import { Filters, NO_FILTER, toVariables, type Filter } from "./Filters";
import { useLiveList } from "./live";
import { COUNTERS, LABELS, PEOPLE, PROJECT_CHANGES, PROJECTS, TASKS } from "./operations";
import { Rail } from "./Rail";
import { Toasts, useToasts } from "./Toasts";
import { TopBar } from "./TopBar";
import { WirePanel } from "./WirePanel";

interface Props {
  visitor: Visitor;
  connection: Connection;
  onLeave(): void;
}

/** The whole board of one visitor. */
export function Board({ visitor, connection, onLeave }: Props) {
  const { data: projectData, error } = useQuery(PROJECTS);
  const { data: labelData } = useQuery(LABELS);
  const { data: peopleData } = useQuery(PEOPLE);
  useSubscription(COUNTERS);
  useSubscription(PROJECT_CHANGES);

  const { toasts, attempt } = useToasts();
  const [slug, setSlug] = useState<string | null>(null);
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [openTask, setOpenTask] = useState<string | null>(null);
  const [isWireOpen, setWireOpen] = useState(() => matchMedia("(min-width: 1400px)").matches);

  const projects = projectData?.projects.results ?? [];
  const surroundings: Surroundings = {
    visitor,
    connection,
    projects,
    labels: labelData?.labels ?? [],
    people: peopleData?.users.results ?? [],
    attempt,
  };
  const variables = useMemo(
    () => toVariables(filter, slug, visitor.user.id),
    [filter, slug, visitor.user.id],
  );
  const tasks = useLiveList(TASKS, variables);
  const project = projects.find((each) => each.slug === slug);
  const closeTask = useCallback(() => setOpenTask(null), []);

  return (
    <Context value={surroundings}>
      <div className="board" data-wire={isWireOpen || undefined} data-drawer={openTask !== null || undefined}>
        <TopBar isWireOpen={isWireOpen} onWire={() => setWireOpen(!isWireOpen)} onLeave={onLeave} />
        <Rail slug={slug} onChoose={setSlug} />
        <main className="stage">
          <header className="heading">
            <h1>{project?.name ?? "Everything"}</h1>
            <p>
              {project?.description ?? "The tasks of all your projects."}
              {project && !mayWork(project) && <em> You are a guest here: you read along.</em>}
            </p>
          </header>
          <Filters filter={filter} onChange={setFilter} />
          <Columns
            list={tasks}
            project={project}
            isFiltered={filter !== NO_FILTER}
            error={error?.message ?? tasks.error}
            openTask={openTask}
            onOpen={setOpenTask}
            onUnfilter={() => setFilter(NO_FILTER)}
          />
        </main>
        {isWireOpen && <WirePanel onClose={() => setWireOpen(false)} />}
        {openTask && <Drawer key={openTask} id={openTask} onClose={closeTask} />}
        <Toasts toasts={toasts} />
      </div>
    </Context>
  );
}

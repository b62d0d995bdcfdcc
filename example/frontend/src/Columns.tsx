import { useRef, useState, type DragEvent } from "react";
import { Card } from "./Card";
import { mayWork, useSurroundings } from "./context";
import { useFlip } from "./flip";
import type { LiveList } from "./live";
import { NewTask } from "./NewTask";
import { Notice } from "./parts";
import { PRIORITIES, STATUSES, type Project, type Status, type Task } from "./types";

interface Props {
  list: LiveList<Task>;
  project: Project | undefined;
  isFiltered: boolean;
  error: string | null;
  openTask: string | null;
  onOpen(id: string): void;
  onUnfilter(): void;
}

const weight = new Map(PRIORITIES.map(({ value, rest }) => [value, rest]));

/** The order of the API's own list: urgent first, then by date, dateless last. */
function inOrder(one: Task, other: Task): number {
  return (
    weight.get(other.priority)! - weight.get(one.priority)! ||
    (one.due ?? "9999").localeCompare(other.due ?? "9999") ||
    Number(one.id) - Number(other.id)
  );
}

export function Columns({ list, project, isFiltered, error, openTask, onOpen, onUnfilter }: Props) {
  const { attempt, visitor, projects } = useSurroundings();
  const grid = useRef<HTMLDivElement>(null);
  const [target, setTarget] = useState<Status | null>(null);
  useFlip(grid);

  const move = (id: string, status: Status) => {
    const { rest } = STATUSES.find(({ value }) => value === status)!;
    void attempt(() => visitor.api.patch(`tasks/${id}/`, { status: rest }));
  };
  const drop = (event: DragEvent, status: Status) => {
    event.preventDefault();
    setTarget(null);
    const id = event.dataTransfer.getData("text/task");
    if (id) move(id, status);
  };
  const over = (event: DragEvent, status: Status) => {
    if (!event.dataTransfer.types.includes("text/task")) return;
    event.preventDefault();
    setTarget(status);
  };

  if (error) {
    return (
      <Notice title="The tasks cannot be shown">
        <p>{error}</p>
        <button onClick={list.again}>Try again</button>
      </Notice>
    );
  }
  if (!list.loading && !list.rows.length && isFiltered) {
    return (
      <Notice title="Nothing matches">
        <p>As soon as a task does, it appears here.</p>
        <button onClick={onUnfilter}>Clear the filters</button>
      </Notice>
    );
  }
  const tasks = [...list.rows].sort(inOrder);
  return (
    <div className="columns" ref={grid} aria-busy={list.loading}>
      {STATUSES.map(({ value, label }) => {
        const here = tasks.filter(({ status }) => status === value);
        return (
          <section
            key={value}
            className="column"
            data-status={value}
            data-target={target === value || undefined}
            aria-label={label}
            onDragOver={(event) => over(event, value)}
            onDragLeave={(event) => {
              if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setTarget(null);
            }}
            onDrop={(event) => drop(event, value)}
          >
            <h2>
              {label} <span className="count">{here.length}</span>
            </h2>
            <ol>
              {here.map((task) => (
                <Card
                  key={task.id}
                  task={task}
                  home={project ? undefined : projects.find(({ slug }) => slug === task.project)}
                  isMovable={mayWork(projects.find(({ slug }) => slug === task.project))}
                  isTouched={list.touched.has(task.id)}
                  isOpen={task.id === openTask}
                  onOpen={onOpen}
                  onMove={move}
                />
              ))}
            </ol>
            {list.loading && !list.rows.length && <Skeleton />}
            {value === "TODO" && <NewTask project={project} />}
          </section>
        );
      })}
    </div>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      <span />
      <span />
    </div>
  );
}

import { useEffect, useRef, type ReactNode } from "react";
import { Comments } from "./Comments";
import { mayWork, useSurroundings } from "./context";
import { EditableText } from "./EditableText";
import { Close, Trash } from "./icons";
import { useLiveList, useLiveRow } from "./live";
import { MEMBERS, TASK } from "./operations";
import { Notice } from "./parts";
import { PRIORITIES, STATUSES, type Project, type TaskInFull } from "./types";
import { ago } from "./words";

/** One task, live, with what is said about it. */
export function Drawer({ id, onClose }: { id: string; onClose(): void }) {
  const { projects } = useSurroundings();
  const live = useLiveRow(TASK, { id });
  const panel = useRef<HTMLElement>(null);

  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    const escape = (event: globalThis.KeyboardEvent) => event.key === "Escape" && onClose();
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("keydown", escape);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [onClose]);

  return (
    <aside className="drawer" role="dialog" aria-label="Task" ref={panel} tabIndex={-1}>
      <button className="quiet square shut" onClick={onClose} aria-label="Close the task">
        <Close />
      </button>
      {live.state === "loading" && <div className="skeleton" aria-busy="true"><span /><span /></div>}
      {live.state === "failed" && (
        <Notice title="The task cannot be shown">
          <p>{live.message}</p>
        </Notice>
      )}
      {live.state === "gone" && (
        <Notice title={live.row ? `“${live.row.title}” is gone` : "The task is gone"}>
          <p>It was deleted, or moved to where you cannot see it.</p>
        </Notice>
      )}
      {live.state === "here" && (
        <Details
          task={live.row}
          project={projects.find(({ slug }) => slug === live.row.project)}
          onDeleted={onClose}
        />
      )}
    </aside>
  );
}

interface DetailsProps {
  task: TaskInFull;
  project: Project | undefined;
  onDeleted(): void;
}

function Details({ task, project, onDeleted }: DetailsProps) {
  const { visitor, attempt } = useSurroundings();
  const isEditable = mayWork(project);
  const isDeletable = project?.myRole === "OWNER" || task.createdBy?.id === visitor.user.id;
  const write = (change: object) => attempt(() => visitor.api.patch(`tasks/${task.id}/`, change));
  const remove = async () => {
    if (await attempt(() => visitor.api.delete(`tasks/${task.id}/`))) onDeleted();
  };
  return (
    <>
      <p className="trail">
        {project?.name ?? task.project}
        <span> · #{task.id}</span>
      </p>
      <h2 className="task-title">
        <EditableText
          label="Title"
          value={task.title}
          isEditable={isEditable}
          onSave={(title) => write({ title })}
        />
      </h2>
      <Facts task={task} isEditable={isEditable} write={write} />
      <div className="description">
        <EditableText
          label="Description"
          placeholder={isEditable ? "Add a description" : "No description"}
          value={task.description}
          isEditable={isEditable}
          isLong
          onSave={(description) => write({ description })}
        />
      </div>
      <Comments task={task.id} isEditable={isEditable} isOwner={project?.myRole === "OWNER"} />
      <footer>
        <small>
          {task.createdBy && `${task.createdBy.name}, `}
          {ago(task.createdAt)}
        </small>
        {isDeletable && isEditable && (
          <button className="link danger" onClick={remove}>
            <Trash /> Delete the task
          </button>
        )}
      </footer>
    </>
  );
}

interface FactsProps {
  task: TaskInFull;
  isEditable: boolean;
  write(change: object): Promise<boolean>;
}

function Facts({ task, isEditable, write }: FactsProps) {
  const { projects, labels } = useSurroundings();
  const { rows: members } = useLiveList(MEMBERS, { project: task.project });
  const people = members.map(({ user }) => user);
  if (task.assignee && !people.some(({ id }) => id === task.assignee!.id)) people.push(task.assignee);
  const has = new Set(task.labels.map(({ id }) => id));
  const toggle = (id: string) => {
    const next = has.has(id) ? [...has].filter((each) => each !== id) : [...has, id];
    void write({ label_ids: next });
  };
  return (
    <fieldset className="facts-form" disabled={!isEditable}>
      <Field name="Status">
        <select
          value={STATUSES.find(({ value }) => value === task.status)!.rest}
          onChange={(event) => write({ status: event.target.value })}
        >
          {STATUSES.map(({ rest, label }) => (
            <option key={rest} value={rest}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      <Field name="Assignee">
        <select
          value={task.assignee?.id ?? ""}
          onChange={(event) => write({ assignee_id: event.target.value || null })}
        >
          <option value="">Nobody</option>
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field name="Priority">
        <select
          value={PRIORITIES.find(({ value }) => value === task.priority)!.rest}
          onChange={(event) => write({ priority: Number(event.target.value) })}
        >
          {PRIORITIES.map(({ rest, label }) => (
            <option key={rest} value={rest}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      <Field name="Due">
        <input
          type="date"
          value={task.due ?? ""}
          onChange={(event) => write({ due: event.target.value || null })}
        />
      </Field>
      <Field name="Project">
        <select value={task.project} onChange={(event) => write({ project: event.target.value })}>
          {projects
            .filter((each) => mayWork(each) || each.slug === task.project)
            .map(({ slug, name }) => (
              <option key={slug} value={slug}>
                {name}
              </option>
            ))}
        </select>
      </Field>
      <div className="field tags" role="group" aria-label="Labels">
        <span>Labels</span>
        <div className="chips">
          {labels
            .filter(({ id }) => isEditable || has.has(id))
            .map(({ id, name, colour }) => (
              <button
                key={id}
                type="button"
                className="chip"
                data-colour={colour}
                aria-pressed={has.has(id)}
                onClick={() => toggle(id)}
              >
                <span className="dot" />
                {name}
              </button>
            ))}
        </div>
      </div>
    </fieldset>
  );
}

function Field({ name, children }: { name: string; children: ReactNode }) {
  return (
    <label className="field">
      <span>{name}</span>
      {children}
    </label>
  );
}

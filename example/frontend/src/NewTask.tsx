import { useId, useState, type FormEvent } from "react";
import { mayWork, useSurroundings } from "./context";
import { Plus } from "./icons";
import type { Project } from "./types";

/** A line to type a new task into; absent where the visitor may add none. */
export function NewTask({ project }: { project: Project | undefined }) {
  const { projects, visitor, attempt } = useSurroundings();
  const [isOpen, setOpen] = useState(false);
  const titleId = useId();
  const choices = project ? [project].filter(mayWork) : projects.filter(mayWork);
  if (!choices.length) return null;
  if (!isOpen) {
    return (
      <button className="add" onClick={() => setOpen(true)}>
        <Plus /> Add a task
      </button>
    );
  }

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { title, home } = Object.fromEntries(new FormData(form));
    const added = await attempt(() =>
      visitor.api.post("tasks/", { title, project: home ?? choices[0]!.slug }),
    );
    if (added) form.reset();
  };

  return (
    <form
      className="new-task"
      onSubmit={submit}
      onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
    >
      <label className="unseen" htmlFor={titleId}>
        Title of the new task
      </label>
      <input id={titleId} name="title" placeholder="What is to be done?" maxLength={140} autoFocus required />
      {choices.length > 1 && (
        <select name="home" aria-label="Project">
          {choices.map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name}
            </option>
          ))}
        </select>
      )}
      <div className="row">
        <button className="primary">Add</button>
        <button type="button" onClick={() => setOpen(false)}>
          Close
        </button>
      </div>
    </form>
  );
}

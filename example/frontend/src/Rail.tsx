import { useSurroundings } from "./context";
import { useLiveList } from "./live";
import { MEMBERS } from "./operations";
import { Avatar } from "./parts";
import type { Project } from "./types";

/** The projects with their counters, and who is in the chosen one. */
export function Rail({ slug, onChoose }: { slug: string | null; onChoose(slug: string | null): void }) {
  const { projects } = useSurroundings();
  const open = projects.reduce((sum, each) => sum + openCount(each), 0);
  return (
    <nav className="rail" aria-label="Projects">
      <ul className="projects">
        <li>
          <button aria-current={slug === null || undefined} onClick={() => onChoose(null)}>
            <span className="dot" />
            <span className="name">Everything</span>
            <Counter value={open} />
          </button>
        </li>
        {projects.map((project) => (
          <li key={project.id}>
            <button
              data-colour={project.colour}
              data-project={project.slug}
              aria-current={slug === project.slug || undefined}
              onClick={() => onChoose(project.slug)}
            >
              <span className="dot" />
              <span className="name">{project.name}</span>
              <Counter value={openCount(project)} />
              <Progress project={project} />
            </button>
          </li>
        ))}
      </ul>
      {slug && <Members key={slug} slug={slug} />}
    </nav>
  );
}

function openCount({ todoCount, doingCount, reviewCount }: Project): number {
  return todoCount + doingCount + reviewCount;
}

function Counter({ value }: { value: number }) {
  return (
    <span className="counter" key={value}>
      {value}
      <span className="unseen"> open</span>
    </span>
  );
}

function Progress({ project }: { project: Project }) {
  const { todoCount, doingCount, reviewCount, doneCount } = project;
  const total = todoCount + doingCount + reviewCount + doneCount;
  const parts = [
    ["DONE", doneCount],
    ["REVIEW", reviewCount],
    ["DOING", doingCount],
  ] as const;
  return (
    <span className="progress" aria-hidden="true">
      {parts.map(([status, count]) => (
        <span key={status} data-status={status} style={{ flexGrow: count }} />
      ))}
      <span style={{ flexGrow: total ? todoCount : 1 }} />
    </span>
  );
}

function Members({ slug }: { slug: string }) {
  const { rows } = useLiveList(MEMBERS, { project: slug });
  return (
    <section className="members" aria-labelledby="members">
      <h2 id="members">In this project</h2>
      <ul>
        {rows.map(({ id, user, role }) => (
          <li key={id}>
            <Avatar user={user} small />
            <span className="name">{user.name}</span>
            <span className="role">{role.toLowerCase()}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

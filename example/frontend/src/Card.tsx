import { memo, useRef, type KeyboardEvent } from "react";
import { useGlow } from "./flip";
import { Talk } from "./icons";
import { Avatar, Due, LabelTag, PriorityMark } from "./parts";
import { STATUSES, type Project, type Status, type Task } from "./types";

interface Props {
  task: Task;
  /** The task's project, where the board shows several. */
  home: Project | undefined;
  isMovable: boolean;
  isTouched: boolean;
  isOpen: boolean;
  onOpen(id: string): void;
  onMove(id: string, status: Status): void;
}

export const Card = memo(function Card({ task, home, isMovable, isTouched, isOpen, onOpen, onMove }: Props) {
  const card = useRef<HTMLDivElement>(null);
  useGlow(card, task, isTouched);

  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onOpen(task.id);
      return;
    }
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!event.altKey || !step || !isMovable) return;
    event.preventDefault();
    const next = STATUSES[STATUSES.findIndex(({ value }) => value === task.status) + step];
    if (next) onMove(task.id, next.value);
  };

  return (
    <li data-flip={task.id} data-task={task.id}>
      {/* No <button>: Firefox does not let one be dragged. */}
      <div
        ref={card}
        className="card"
        role="button"
        tabIndex={0}
        aria-expanded={isOpen}
        title={isMovable ? "Drag, or Alt with ← →, to another column" : undefined}
        draggable={isMovable}
        onDragStart={(event) => {
          event.dataTransfer.setData("text/task", task.id);
          event.dataTransfer.effectAllowed = "move";
        }}
        onKeyDown={keys}
        onClick={() => onOpen(task.id)}
      >
        {home && (
          <span className="home" data-colour={home.colour}>
            {home.name}
          </span>
        )}
        <span className="title">{task.title}</span>
        {task.labels.length > 0 && (
          <span className="labels">
            {task.labels.map((label) => (
              <LabelTag key={label.id} label={label} />
            ))}
          </span>
        )}
        <span className="facts">
          <span>
            <PriorityMark priority={task.priority} />
            {task.due && <Due due={task.due} isDone={task.status === "DONE"} />}
            {task.commentCount > 0 && (
              <span className="talk">
                <Talk />
                <span className="unseen">Comments: </span>
                {task.commentCount}
              </span>
            )}
          </span>
          {task.assignee && <Avatar user={task.assignee} small />}
        </span>
      </div>
    </li>
  );
});

// Small parts that several components show.
import type { ReactNode } from "react";
import type { Label, Priority, User } from "./types";
import { PRIORITIES } from "./types";
import { Clock } from "./icons";
import { dateInWords, daysUntil, dueInWords, initials } from "./words";

export function Avatar({ user, small }: { user: User; small?: boolean }) {
  return (
    <span className="avatar" data-tint={Number(user.id) % 6} data-small={small || undefined} title={user.name}>
      {initials(user.name)}
    </span>
  );
}

export function LabelTag({ label }: { label: Label }) {
  return (
    <span className="label" data-colour={label.colour}>
      {label.name}
    </span>
  );
}

export function Due({ due, isDone }: { due: string; isDone: boolean }) {
  const days = daysUntil(due);
  const urgency = isDone || days > 1 ? "none" : days < 0 ? "late" : "soon";
  return (
    <time className="due" dateTime={due} data-urgency={urgency}>
      <Clock />
      {isDone ? dateInWords(due) : dueInWords(due)}
    </time>
  );
}

export function PriorityMark({ priority }: { priority: Priority }) {
  if (priority === "NORMAL") return null;
  const { label } = PRIORITIES.find(({ value }) => value === priority)!;
  return (
    <span className="priority" data-priority={priority}>
      {label}
    </span>
  );
}

export function Notice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="notice">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

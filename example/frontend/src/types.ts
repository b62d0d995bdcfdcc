// The rows of the schema, as the operations in operations.ts select them.

export type Colour = "SLATE" | "RED" | "AMBER" | "GREEN" | "TEAL" | "BLUE" | "VIOLET" | "PINK";
export type Status = "TODO" | "DOING" | "REVIEW" | "DONE";
export type Priority = "LOW" | "NORMAL" | "HIGH" | "URGENT";
export type Role = "OWNER" | "MEMBER" | "GUEST";

export interface User {
  id: string;
  username: string;
  name: string;
}

export interface Label {
  id: string;
  name: string;
  colour: Colour;
}

export interface Project {
  id: string;
  slug: string;
  name: string;
  description: string;
  colour: Colour;
  myRole: Role | null;
  todoCount: number;
  doingCount: number;
  reviewCount: number;
  doneCount: number;
}

export interface Member {
  id: string;
  role: Role;
  user: User;
}

export interface Task {
  id: string;
  project: string;
  title: string;
  status: Status;
  priority: Priority;
  assignee: User | null;
  labels: Label[];
  due: string | null;
  commentCount: number;
  updatedAt: string;
}

export interface TaskInFull extends Task {
  description: string;
  createdBy: User | null;
  createdAt: string;
}

export interface Comment {
  id: string;
  parent: string | null;
  author: User | null;
  body: string;
  createdAt: string;
  editedAt: string | null;
}

/** What a live list sends: see "A first subscription" in the project's README. */
export interface ListChange<Row> {
  snapshot: Row[] | { count: number; results: Row[] } | null;
  created: Row[];
  updated: Row[];
  deleted: string[];
}

export interface RowChange<Row> {
  action: "SNAPSHOT" | "CREATED" | "UPDATED" | "DELETED";
  objectId: string;
  instance: Row | null;
}

export const STATUSES: { value: Status; rest: string; label: string }[] = [
  { value: "TODO", rest: "todo", label: "To do" },
  { value: "DOING", rest: "doing", label: "In progress" },
  { value: "REVIEW", rest: "review", label: "In review" },
  { value: "DONE", rest: "done", label: "Done" },
];

export const PRIORITIES: { value: Priority; rest: number; label: string }[] = [
  { value: "LOW", rest: 1, label: "Low" },
  { value: "NORMAL", rest: 2, label: "Normal" },
  { value: "HIGH", rest: 3, label: "High" },
  { value: "URGENT", rest: 4, label: "Urgent" },
];

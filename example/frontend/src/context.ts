// What every part of the board may need: the visitor, the connection, who and what there is.
import { createContext, use } from "react";
import type { Visitor } from "./api";
import type { Connection } from "./connection";
import type { Label, Project, User } from "./types";

export interface Surroundings {
  visitor: Visitor;
  connection: Connection;
  projects: Project[];
  labels: Label[];
  people: User[];
  /** Carry out a write; a refusal is shown to the visitor. False if it was refused. */
  attempt(write: () => Promise<unknown>): Promise<boolean>;
}

export const Context = createContext<Surroundings | null>(null);

export function useSurroundings(): Surroundings {
  const surroundings = use(Context);
  if (!surroundings) throw new Error("This component belongs inside the board.");
  return surroundings;
}

export function mayWork(project: Project | undefined): boolean {
  return project?.myRole === "OWNER" || project?.myRole === "MEMBER";
}

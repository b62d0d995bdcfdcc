// Every GraphQL operation of the page.
import { gql, type TypedDocumentNode } from "@apollo/client";
import type { Comment, Label, ListChange, Member, Project, RowChange, Task, TaskInFull, User } from "./types";

const TASK_ROW = gql`
  fragment TaskRow on Task {
    id
    project
    title
    status
    priority
    assignee {
      id
      username
      name
    }
    labels {
      id
      name
      colour
    }
    due
    commentCount
    updatedAt
  }
`;

const PROJECT_ROW = gql`
  fragment ProjectRow on Project {
    id
    slug
    name
    description
    colour
    myRole
    todoCount
    doingCount
    reviewCount
    doneCount
  }
`;

export interface TaskFilter {
  project?: string;
  status?: string[];
  assignee?: string;
  label?: string[];
  priorityMin?: number;
  overdue?: boolean;
  search?: string;
}

/** The board's list. Whatever enters or leaves the filter, or the visitor's sight, arrives here. */
export const TASKS: TypedDocumentNode<{ tasks: ListChange<Task> }, TaskFilter> = gql`
  subscription Tasks(
    $project: String
    $assignee: ID
    $label: [String!]
    $priorityMin: Int
    $overdue: Boolean
    $search: String
  ) {
    tasks(
      project: $project
      assignee: $assignee
      label: $label
      priorityMin: $priorityMin
      overdue: $overdue
      search: $search
    ) {
      snapshot {
        count
        results {
          ...TaskRow
        }
      }
      created {
        ...TaskRow
      }
      updated {
        ...TaskRow
      }
      deleted
      cursor
    }
  }
  ${TASK_ROW}
`;

export const TASK: TypedDocumentNode<{ task: RowChange<TaskInFull> }, { id: string }> = gql`
  subscription Task($id: ID!) {
    task(id: $id) {
      action
      objectId
      instance {
        ...TaskRow
        description
        createdBy {
          id
          username
          name
        }
        createdAt
      }
    }
  }
  ${TASK_ROW}
`;

export const COMMENTS: TypedDocumentNode<{ taskComments: ListChange<Comment> }, { task: string }> = gql`
  subscription Comments($task: ID!) {
    taskComments(taskPk: $task) {
      snapshot {
        ...CommentRow
      }
      created {
        ...CommentRow
      }
      updated {
        ...CommentRow
      }
      deleted
    }
  }
  fragment CommentRow on Comment {
    id
    parent
    author {
      id
      username
      name
    }
    body
    createdAt
    editedAt
  }
`;

export const MEMBERS: TypedDocumentNode<{ projectMembers: ListChange<Member> }, { project: string }> = gql`
  subscription Members($project: String!) {
    projectMembers(projectSlug: $project) {
      snapshot {
        ...MemberRow
      }
      created {
        ...MemberRow
      }
      updated {
        ...MemberRow
      }
      deleted
    }
  }
  fragment MemberRow on Membership {
    id
    role
    user {
      id
      username
      name
    }
  }
`;

export const PROJECTS: TypedDocumentNode<{ projects: { results: Project[] } }> = gql`
  query Projects {
    projects {
      results {
        ...ProjectRow
      }
    }
  }
  ${PROJECT_ROW}
`;

/**
 * `query` in a payload is the whole query root, read again after the change. Apollo writes it over
 * what it holds of `projects`: the counters in the rail move, and no line here moves them.
 */
export const COUNTERS = gql`
  subscription Counters {
    tasks {
      query {
        projects {
          results {
            ...ProjectRow
          }
        }
      }
    }
  }
  ${PROJECT_ROW}
`;

/** The same for the projects themselves: one that is renamed or new shows up in the rail. */
export const PROJECT_CHANGES = gql`
  subscription ProjectChanges {
    projects {
      query {
        projects {
          results {
            ...ProjectRow
          }
        }
      }
    }
  }
  ${PROJECT_ROW}
`;

export const LABELS: TypedDocumentNode<{ labels: Label[] }> = gql`
  query Labels {
    labels {
      id
      name
      colour
    }
  }
`;

export const PEOPLE: TypedDocumentNode<{ users: { results: User[] } }> = gql`
  query People {
    users {
      results {
        id
        username
        name
      }
    }
  }
`;

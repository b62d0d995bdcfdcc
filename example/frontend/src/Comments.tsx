import { useRef, useState, type FormEvent } from "react";
import { useSurroundings } from "./context";
import { useFlip } from "./flip";
import { Reply } from "./icons";
import { useLiveList } from "./live";
import { COMMENTS } from "./operations";
import { Avatar } from "./parts";
import type { Comment } from "./types";
import { ago } from "./words";

interface Rights {
  isEditable: boolean;
  isOwner: boolean;
}

/** The conversation about a task, live. */
export function Comments({ task, isEditable, isOwner }: Rights & { task: string }) {
  const { rows, loading, error } = useLiveList(COMMENTS, { task });
  const list = useRef<HTMLElement>(null);
  useFlip(list);
  const comments = [...rows].sort(
    (one, other) =>
      one.createdAt.localeCompare(other.createdAt) || Number(one.id) - Number(other.id),
  );
  return (
    <section className="comments" aria-labelledby="comments" ref={list}>
      <h3 id="comments">
        Comments <span className="count">{rows.length}</span>
      </h3>
      {error && <p className="problem">{error}</p>}
      {!loading && !rows.length && <p className="hint">Nothing has been said yet.</p>}
      <Thread task={task} parent={null} comments={comments} isEditable={isEditable} isOwner={isOwner} />
      {isEditable && <Say task={task} parent={null} />}
    </section>
  );
}

interface ThreadProps extends Rights {
  task: string;
  parent: string | null;
  comments: Comment[];
}

function Thread({ task, parent, comments, ...rights }: ThreadProps) {
  const here = comments.filter((comment) => comment.parent === parent);
  if (!here.length) return null;
  return (
    <ol className="thread">
      {here.map((comment) => (
        <li key={comment.id}>
          <Spoken task={task} comment={comment} {...rights} />
          <Thread task={task} parent={comment.id} comments={comments} {...rights} />
        </li>
      ))}
    </ol>
  );
}

function Spoken({ task, comment, isEditable, isOwner }: Rights & { task: string; comment: Comment }) {
  const { visitor, attempt } = useSurroundings();
  const [isReplying, setReplying] = useState(false);
  const { author } = comment;
  const remove = () => attempt(() => visitor.api.delete(`tasks/${task}/comments/${comment.id}/`));
  return (
    <article className="comment" data-flip={comment.id}>
      {author && <Avatar user={author} small />}
      <header>
        <strong>{author?.name ?? "Somebody who left"}</strong>
        <time dateTime={comment.createdAt}>{ago(comment.createdAt)}</time>
      </header>
      <p>{comment.body}</p>
      {isEditable && (
        <div className="row">
          <button className="link" onClick={() => setReplying(!isReplying)} aria-expanded={isReplying}>
            <Reply /> Reply
          </button>
          {(isOwner || author?.id === visitor.user.id) && (
            <button className="link" onClick={remove}>
              Delete
            </button>
          )}
        </div>
      )}
      {isReplying && <Say task={task} parent={comment.id} onSaid={() => setReplying(false)} />}
    </article>
  );
}

function Say({ task, parent, onSaid }: { task: string; parent: string | null; onSaid?(): void }) {
  const { visitor, attempt } = useSurroundings();
  const [body, setBody] = useState("");
  const say = async (event: FormEvent) => {
    event.preventDefault();
    if (!body.trim()) return;
    const said = await attempt(() => visitor.api.post(`tasks/${task}/comments/`, { body, parent }));
    if (!said) return;
    setBody("");
    onSaid?.();
  };
  return (
    <form className="say" onSubmit={say}>
      <textarea
        aria-label={parent ? "Your reply" : "Your comment"}
        placeholder={parent ? "Reply" : "Say something"}
        rows={1}
        value={body}
        autoFocus={parent !== null}
        onChange={(event) => setBody(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey) void say(event);
        }}
      />
      {body.trim() && <button className="primary">Send</button>}
    </form>
  );
}

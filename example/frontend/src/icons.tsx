// Line icons, 16 by 16, drawn in the colour of the text.
import type { ReactNode } from "react";

function icon(content: ReactNode) {
  return () => (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {content}
    </svg>
  );
}

export const Search = icon(<path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14" />);
export const Close = icon(<path d="m4 4 8 8m0-8-8 8" />);
export const Talk = icon(<path d="M2.5 3.5h11v7.5H7l-3 2.5V11H2.5z" />);
export const Clock = icon(<path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-9.2V8l2.2 1.6" />);
export const Plus = icon(<path d="M8 3v10M3 8h10" />);
export const Sun = icon(
  <path d="M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9M4.3 11.7l-.9.9" />,
);
export const Moon = icon(<path d="M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z" />);
export const Wave = icon(<path d="M1.5 8h2.2l1.8-4.5L8.6 12.5 10.8 8h3.7" />);
export const Trash = icon(<path d="M3 4.5h10M6.5 4.5v-2h3v2m-5.3 0 .6 9h6.4l.6-9" />);
export const Unplug = icon(<path d="M5.5 2v3m5-3v3M3.5 5h9v2.5a4.5 4.5 0 0 1-9 0zM8 12v2.5" />);
export const Reply = icon(<path d="M6.5 4 3 7.5 6.5 11M3 7.5h6.5A3.5 3.5 0 0 1 13 11v1.5" />);

// Rows glide to where they go, grow in where they enter and fade where they leave.
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

interface Place {
  node: HTMLElement;
  x: number;
  y: number;
  width: number;
  height: number;
}

const EASE = "cubic-bezier(0.2, 0.8, 0.2, 1)";
const MOST_GHOSTS = 14;

/**
 * Animate the children marked `data-flip="key"` of a positioned container, after every render.
 * Places are kept relative to the container, so that scrolling is no movement.
 */
export function useFlip(container: RefObject<HTMLElement | null>): void {
  const places = useRef(new Map<string, Place>());
  const isFirst = useRef(true);
  const focus = useRef<string | null>(null);

  useLayoutEffect(() => {
    const root = container.current;
    if (!root) return;
    const before = places.current;
    const after = measure(root);
    places.current = after;
    keepFocus(focus.current, before, after);
    if (isFirst.current) {
      isFirst.current = after.size === 0;
      return;
    }
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const [key, place] of after) {
      const old = before.get(key);
      if (old) glide(place, old);
      else enter(place.node);
    }
    const gone = [...before].filter(([key]) => !after.has(key));
    for (const [, place] of gone.slice(0, MOST_GHOSTS)) leave(root, place);
  });

  useEffect(() => {
    const root = container.current;
    if (!root) return;
    // A window that changes its size moves everything: no reason to animate the next change.
    const observer = new ResizeObserver(() => (places.current = measure(root)));
    observer.observe(root);
    const note = ({ target }: FocusEvent) => {
      focus.current = (target as Element).closest<HTMLElement>("[data-flip]")?.dataset.flip ?? null;
    };
    root.addEventListener("focusin", note);
    return () => {
      observer.disconnect();
      root.removeEventListener("focusin", note);
    };
  }, [container]);
}

function measure(root: HTMLElement): Map<string, Place> {
  const origin = root.getBoundingClientRect();
  const found = new Map<string, Place>();
  for (const node of root.querySelectorAll<HTMLElement>("[data-flip]")) {
    const { offsetWidth: width, offsetHeight: height } = node;
    // Where the node is laid out, whatever animation it is in the middle of.
    const moved = new DOMMatrix(getComputedStyle(node).transform);
    const rect = node.getBoundingClientRect();
    const x = rect.left + (rect.width - width) / 2 - origin.left - moved.e;
    const y = rect.top + (rect.height - height) / 2 - origin.top - moved.f;
    found.set(node.dataset.flip!, { node, x, y, width, height });
  }
  return found;
}

/** A row that moves to another parent is drawn anew: the focus it had goes along. */
function keepFocus(
  key: string | null,
  before: ReadonlyMap<string, Place>,
  after: ReadonlyMap<string, Place>,
): void {
  if (!key || document.activeElement !== document.body) return;
  const node = after.get(key)?.node;
  if (node && node !== before.get(key)?.node) node.querySelector<HTMLElement>("[tabindex]")?.focus();
}

function glide(place: Place, old: Place): void {
  const x = old.x - place.x;
  const y = old.y - place.y;
  if (Math.abs(x) < 1 && Math.abs(y) < 1) return;
  place.node.animate(
    [{ transform: `translate(${x}px, ${y}px)`, zIndex: 2 }, { transform: "none", zIndex: 2 }],
    { duration: 420, easing: EASE },
  );
}

function enter(node: HTMLElement): void {
  node.animate(
    [
      { opacity: 0, transform: "translateY(-10px) scale(0.97)" },
      { opacity: 1, transform: "none" },
    ],
    { duration: 380, easing: EASE },
  );
}

function leave(root: HTMLElement, { node, x, y, width, height }: Place): void {
  if (!node.isConnected) {
    node.removeAttribute("data-flip");
    node.classList.add("ghost");
    node.inert = true;
    const { style } = node;
    [style.left, style.top] = [`${x}px`, `${y}px`];
    [style.width, style.height] = [`${width}px`, `${height}px`];
    root.append(node);
    const fade = node.animate(
      [
        { opacity: 1, transform: "none" },
        { opacity: 0, transform: "scale(0.94)" },
      ],
      { duration: 340, easing: "ease-in" },
    );
    void fade.finished.finally(() => node.remove());
  }
}

/** A short glow on the element when its row was just created or changed. */
export function useGlow(element: RefObject<HTMLElement | null>, row: unknown, isTouched: boolean): void {
  useEffect(() => {
    if (!isTouched) return;
    element.current?.classList.remove("glow");
    // Reading the layout lets the same animation start again.
    void element.current?.offsetWidth;
    element.current?.classList.add("glow");
  }, [element, row, isTouched]);
}

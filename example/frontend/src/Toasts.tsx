import { useCallback, useRef, useState } from "react";

export interface Toast {
  key: number;
  text: string;
}

/** Messages that go by themselves, and `attempt`, which shows why a write was refused. */
export function useToasts() {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const count = useRef(0);
  const attempt = useCallback(async (write: () => Promise<unknown>) => {
    try {
      await write();
      return true;
    } catch (error) {
      const toast = { key: ++count.current, text: (error as Error).message };
      setToasts((held) => [...held, toast]);
      setTimeout(() => setToasts((held) => held.filter(({ key }) => key !== toast.key)), 6000);
      return false;
    }
  }, []);
  return { toasts, attempt };
}

export function Toasts({ toasts }: { toasts: Toast[] }) {
  return (
    <div className="toasts" role="status">
      {toasts.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}

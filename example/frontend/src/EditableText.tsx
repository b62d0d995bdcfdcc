import { useState, type KeyboardEvent } from "react";

interface Props {
  label: string;
  value: string;
  isEditable: boolean;
  isLong?: boolean;
  placeholder?: string;
  onSave(value: string): Promise<boolean>;
}

/** Text that becomes a field while it is edited; somebody else's change does not disturb the typing. */
export function EditableText({ label, value, isEditable, isLong, placeholder, onSave }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  if (!isEditable) return <p className={value ? "" : "hint"}>{value || placeholder}</p>;

  const save = async () => {
    if (draft === null) return;
    const text = draft.trim();
    const isChanged = text !== value && (text || isLong);
    if (!isChanged || (await onSave(text))) setDraft(null);
  };
  const keys = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
      setDraft(null);
      event.currentTarget.blur();
    }
    if (event.key === "Enter" && (!isLong || event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      event.currentTarget.blur();
    }
  };
  return (
    <textarea
      className="editable"
      aria-label={label}
      rows={1}
      placeholder={placeholder}
      value={draft ?? value}
      onChange={(event) => setDraft(event.target.value)}
      onKeyDown={keys}
      onBlur={save}
    />
  );
}

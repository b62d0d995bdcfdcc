// Dates and names as people say them.

const DAY = 86_400_000;
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const dayAndMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const relative = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });

export function daysUntil(due: string): number {
  const today = new Date();
  const [year, month, day] = due.split("-").map(Number) as [number, number, number];
  const from = Date.UTC(today.getFullYear(), today.getMonth(), today.getDate());
  return Math.round((Date.UTC(year, month - 1, day) - from) / DAY);
}

export function dateInWords(due: string): string {
  return dayAndMonth.format(new Date(`${due}T12:00`));
}

export function dueInWords(due: string): string {
  const days = daysUntil(due);
  if (days < -1) return `${-days} days late`;
  if (days === -1) return "1 day late";
  if (days === 0) return "Today";
  if (days === 1) return "Tomorrow";
  return days < 7 ? weekday.format(new Date(`${due}T12:00`)) : dateInWords(due);
}

export function ago(moment: string): string {
  const minutes = Math.round((Date.parse(moment) - Date.now()) / 60_000);
  if (minutes > -1) return "just now";
  if (minutes > -60) return relative.format(minutes, "minute");
  if (minutes > -24 * 60) return relative.format(Math.round(minutes / 60), "hour");
  return relative.format(Math.round(minutes / (24 * 60)), "day");
}

export function timeOfDay(moment: Date): string {
  return clock.format(moment);
}

export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)![0] : "")).toUpperCase();
}

// Light or dark: as the system has it, until the visitor chooses.
export type Theme = "light" | "dark";

export function currentTheme(): Theme {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function applyTheme(theme?: Theme): void {
  if (theme) localStorage.setItem("theme", theme);
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}

import { createRoot } from "react-dom/client";
import { App } from "./App";
import "./styles/index.css";
import { applyTheme } from "./theme";

applyTheme();
createRoot(document.getElementById("board")!).render(<App />);

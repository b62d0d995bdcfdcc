// Builds the page into ../board/static/board/build/ : one script, one style sheet, the fonts.
import { build, context } from "esbuild";
import { rm } from "node:fs/promises";

const outdir = "../board/static/board/build";
const options = {
  entryPoints: { board: "src/main.tsx" },
  outdir,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome120", "firefox121", "safari17.5"],
  jsx: "automatic",
  // Files, never data: addresses. The page runs under `default-src 'self'`.
  loader: { ".woff2": "file" },
  assetNames: "[name]",
  define: { "process.env.NODE_ENV": '"production"', "globalThis.__DEV__": "false" },
  minify: true,
  legalComments: "linked",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  const watcher = await context({ ...options, minify: false, sourcemap: true, logLevel: "info" });
  await watcher.watch();
} else {
  await rm(outdir, { recursive: true, force: true });
  await build(options);
  console.log("The page is built.");
}

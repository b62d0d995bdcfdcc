// A browser that does what it is told: one JSON command a line in, one JSON answer a line out.
//   {"page": "ada", "call": "open", "args": ["http://…", {"viewport": …}]}   a page of its own context
//   {"page": "ada", "call": "click", "args": ["text=Mine"]}                  any method of Playwright's Page
//   {"page": "ada", "locator": "li", "call": "allInnerTexts", "args": []}    … or of a Locator
//   {"page": "ada", "call": "objections", "args": []}                        console errors, policy violations
//   {"call": "closePages", "args": []}
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [frontend, executablePath] = process.argv.slice(2);
const { chromium } = createRequire(`${frontend}/package.json`)("playwright-core");

const browser = await chromium.launch({
  executablePath,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const pages = new Map();
const objections = new Map();

async function open(name, url, options = {}) {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const noted = [];
  page.on("pageerror", (error) => noted.push(`${error}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) noted.push(message.text());
  });
  pages.set(name, page);
  objections.set(name, noted);
  await page.goto(url);
}

async function closePages() {
  for (const context of browser.contexts()) await context.close();
  pages.clear();
  objections.clear();
}

async function obey({ page: name, locator, call, args }) {
  if (call === "open") return open(name, ...args);
  if (call === "closePages") return closePages();
  if (call === "objections") return objections.get(name).splice(0);
  const page = pages.get(name);
  const answer = await (locator ? page.locator(locator) : page)[call](...args);
  return ["string", "number", "boolean"].includes(typeof answer) || Array.isArray(answer)
    ? answer
    : null;
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { answer: (await obey(JSON.parse(line))) ?? null };
  } catch (error) {
    answer = { error: `${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();

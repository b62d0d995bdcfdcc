// GraphiQL in Chromium: opens the page, runs what the address holds, tells each result it shows,
// and, when a line comes in, what the browser had to object to.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { show, site } from "./site.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const browser = await chromium.launch({ executablePath: site.chromium, args: FLAGS });
process.on("exit", () => browser.close());
const context = await browser.newContext({ viewport: { width: 1400, height: 850 } });
if (site.cookies) await context.addCookies(site.cookies);
const page = await context.newPage();

const objections = [];
const home = new URL(site.http).host;
page.on("console", (message) => {
  if (message.type() === "error") objections.push(`console: ${message.text()}`);
});
page.on("pageerror", (error) => objections.push(`error: ${error.message}`));
page.on("request", (request) => {
  const { host, protocol } = new URL(request.url());
  if (protocol !== "data:" && host !== home) objections.push(`foreign: ${request.url()}`);
});
page.on("response", (response) => {
  if (response.status() >= 400) objections.push(`${response.status()}: ${response.url()}`);
});
page.on("websocket", (socket) => socket.on("close", () => show({ socket: "closed" })));
await page.exposeFunction("tell", (kind, value) =>
  kind === "violation" ? objections.push(`policy: ${value}`) : show({ [kind]: value }),
);
await page.addInitScript(() => {
  document.addEventListener("securitypolicyviolation", (event) =>
    window.tell("violation", `${event.violatedDirective} ${event.blockedURI}`),
  );
});

const address = new URL(site.http);
if (site.query) address.searchParams.set("query", site.query);
const response = await page.goto(address.href);
const policy = response.headers()["content-security-policy"];
await page.waitForSelector(".graphiql-response .CodeMirror");
await page.evaluate(() => {
  const { CodeMirror } = document.querySelector(".graphiql-response .CodeMirror");
  CodeMirror.on("change", () => {
    const text = CodeMirror.getValue();
    if (text.trim()) window.tell("result", JSON.parse(text));
  });
});
if (site.headers) {
  await page.getByRole("button", { name: "Headers" }).click();
  await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)").click();
  await page.keyboard.insertText(JSON.stringify(site.headers));
}
show({
  policy,
  document: await page.evaluate(() =>
    document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.getValue(),
  ),
});
await page.locator(".graphiql-execute-button").click();

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "explorer") {
    await page.getByRole("button", { name: "Show GraphiQL Explorer" }).click();
    await page.waitForSelector(".docExplorerWrap");
    show({ explorer: await page.locator(".docExplorerWrap").innerText() });
  } else if (line === "documentation") {
    await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
    await page.waitForSelector(".graphiql-doc-explorer-content");
    show({ documentation: await page.locator(".graphiql-doc-explorer-content").innerText() });
  } else if (line === "stop") {
    await page.locator(".graphiql-execute-button").click();
  } else if (line.startsWith("picture ")) {
    await page.screenshot({ path: line.slice("picture ".length) });
    show({ picture: true });
  } else {
    show({ objections });
  }
}

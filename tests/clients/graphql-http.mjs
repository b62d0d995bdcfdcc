// The audits of GraphQL over HTTP, of which each must pass, the optional ones too.
import { serverAudits } from "graphql-http";
import { site } from "./site.mjs";

for (const audit of serverAudits({ url: site.http })) {
  const { status, reason } = await audit.fn();
  process.stdout.write(`${JSON.stringify({ id: audit.id, name: audit.name, status, reason })}\n`);
}

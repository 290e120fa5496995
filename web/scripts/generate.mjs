// Writes src/api/schema.ts from the server's OpenAPI document; --check only compares.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = fileURLToPath(new URL("../src/api/schema.ts", import.meta.url));
const venv = `${root}.venv/bin/python`;
const python = process.env.PYTHON ?? (existsSync(venv) ? venv : "python3");

const text = execFileSync(python, ["-m", "server.openapi"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
const header =
  "// Generated from the server's OpenAPI document by `npm run generate`; do not edit.\n\n";
const schema = header + astToString(await openapiTS(JSON.parse(text)));

if (process.argv.includes("--check")) {
  const committed = existsSync(target) ? readFileSync(target, "utf8") : "";
  if (committed !== schema) {
    process.stderr.write("web/src/api/schema.ts is stale: run `npm run generate` in web/\n");
    process.exit(1);
  }
} else {
  writeFileSync(target, schema);
}

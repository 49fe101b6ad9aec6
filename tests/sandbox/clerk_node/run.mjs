// Calls every method of Clerk's Node SDK on a sandbox, and prints one JSON line for each: {method, problem}.
//
//   node run.mjs ORIGIN KEY < names.json
//
// ORIGIN is the sandbox's address; names.json gives the ids of the demo company by name. The SDK is taken from the
// node_modules of the working directory.
import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { METHODS } from "./methods.mjs";

const { createClerkClient } = createRequire(join(process.cwd(), "/"))("@clerk/backend");
const [origin, key] = process.argv.slice(2);
const names = JSON.parse(await text(process.stdin));
const clerk = createClerkClient({ secretKey: key, apiUrl: origin, telemetry: { disabled: true } });
// The SDK warns of its own deprecated methods; stdout is for results alone.
console.warn = console.log = () => {};

// What the base class of all resources brings is no method of the API.
const INHERITED = ["constructor", "request", "requireId"];

function methodsOf(client) {
  const resources = Object.entries(client).filter(([name, api]) => typeof api === "object" && name !== "telemetry");
  return resources.flatMap(([name, api]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(api))
      .filter((method) => typeof api[method] === "function" && !INHERITED.includes(method))
      .map((method) => `${name}.${method}`),
  );
}

// An error of the SDK in one line: Clerk's code and message, or what an assertion missed.
function problemOf(error) {
  const [first] = error.errors ?? [];
  const told = first ? `${error.status} ${first.code} ${first.meta?.paramName ?? ""} ${first.longMessage ?? first.message}` : error.message;
  return (told || String(error)).replaceAll(/\s+/g, " ").slice(0, 300);
}

async function problemWith(method) {
  if (!(method in METHODS)) return "methods.mjs has no calls of this method";
  await fetch(`${origin}/_sandbox/reset`, { method: "POST" });
  try {
    await METHODS[method](clerk, names);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

const methods = methodsOf(clerk);
for (const method of methods) {
  const problem = await problemWith(method);
  process.stdout.write(`${JSON.stringify({ method, problem })}\n`);
}
for (const method of Object.keys(METHODS).filter((name) => !methods.includes(name)))
  process.stdout.write(`${JSON.stringify({ method, problem: "the SDK has no such method" })}\n`);

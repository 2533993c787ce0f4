// Holds exchanges with Vercel against the schemas of its SDK: path, method, query, body, and the answer. It runs in the folder that
// the SDK is installed in. A line for each exchange: "ok …" or "bad …".
import { isDeepStrictEqual } from "node:util";
import { readFileSync } from "node:fs";

const sdk = new URL("./node_modules/@vercel/sdk/esm/", import.meta.url);
const operations = { POST: ["projectsCreateProjectEnv", "createprojectenvop", "CreateProjectEnv"], GET: ["projectsGetProjectEnv", "getprojectenvop", "GetProjectEnv"] };

// What the SDK's own function says of an operation.
async function load([name, models, type]) {
  const source = readFileSync(new URL(`funcs/${name}.js`, sdk), "utf8");
  const model = await import(new URL(`models/${models}.js`, sdk));
  return {
    method: source.match(/method: "([A-Z]+)"/)[1],
    path: source.match(/pathToFunc\("([^"]+)"\)/)[1],
    query: source.match(/encodeFormQuery\(\{([^}]*)\}/)[1].match(/"[A-Za-z]+"/g).map((word) => word.slice(1, -1)),
    success: Number(source.match(/M\.json\((\d+),/)[1]),
    request: model[`${type}Request$outboundSchema`],
    answer: model[`${type}ResponseBody$inboundSchema`],
  };
}

function need(condition, what) {
  if (!condition) throw new Error(what);
}

function check(operation, exchange) {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
  const path = exchange.path.match(new RegExp("^" + operation.path.replace(/\{\w+\}/g, "([^/]+)") + "$"));
  need(exchange.method === operation.method && path, `no such operation: ${exchange.method} ${exchange.path}`);
  const request = Object.fromEntries(names.map((name, index) => [name, path[index + 1]]));
  for (const [name, values] of Object.entries(exchange.query)) {
    need(operation.query.includes(name), `not in the query: ${name}`);
    request[name] = values[0];
  }
  if (exchange.body !== null) {
    request.requestBody = exchange.body;
  }
  // What the schema does not know is left out of what it parsed.
  const parsed = operation.request.parse(request);
  const body = parsed.RequestBody ?? parsed.requestBody ?? null;
  need(isDeepStrictEqual(JSON.parse(JSON.stringify(body)), exchange.body), `the body has more than the schema: ${JSON.stringify(body)}`);
  if (exchange.status === operation.success) {
    operation.answer.parse(exchange.answer);
  } else {
    need(exchange.status >= 400 && typeof exchange.answer.error.code === "string" && typeof exchange.answer.error.message === "string", "an error without a code");
  }
}

const loaded = { POST: await load(operations.POST), GET: await load(operations.GET) };
for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  const exchange = JSON.parse(line);
  if (exchange.provider !== "vercel") continue;
  try {
    check(loaded[exchange.method], exchange);
    console.log(`ok vercel ${exchange.method} ${exchange.path}`);
  } catch (error) {
    console.log(`bad vercel ${exchange.method} ${exchange.path}: ${error.message.replaceAll("\n", " ").slice(0, 600)}`);
  }
}

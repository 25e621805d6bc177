// Registers index.js as OpenClaw would, then runs the hooks, tools and routes that stdin names, one JSON line each.
import readline from "node:readline";

const [index, state, config] = process.argv.slice(2);
const { default: plugin } = await import(index);
const hooks = {};
const tools = {};
const warnings = [];
plugin.register({
  pluginConfig: JSON.parse(config),
  runtime: { state: { resolveStateDir: () => state } },
  logger: { warn: (line) => warnings.push(line) },
  on: (name, run) => (hooks[name] = run),
  registerTool: (factory, { name }) => (tools[name] = factory),
  registerService: () => {},
  registerHttpRoute: () => {},
});

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { hook, event, ctx, tool, params, context } = JSON.parse(line);
  if (event) event.itself = event; // what OpenClaw passes has cycles and functions
  let answer = null;
  let error = null;
  try {
    answer = hook ? await hooks[hook](event, { ...ctx, assertActive: () => {} }) : await tools[tool](context).execute("call_1", params);
  } catch (thrown) {
    error = thrown.message;
  }
  process.stdout.write(`${JSON.stringify({ answer: answer ?? null, error, warnings: warnings.splice(0) })}\n`);
}

// Registers index.js as OpenClaw would, then runs the hooks, tools and routes that stdin names, one JSON line each.
// A line {"serve": true} puts the routes on a port of loopback until the end, and answers with that port.
import http from "node:http";
import readline from "node:readline";

const [index, state, config] = process.argv.slice(2);
const { default: plugin } = await import(index);
const hooks = {};
const tools = {};
const commands = {};
const routes = {};
const presses = {};
const warnings = [];
const asked = [];
let model = { text: "Well.", model: "fake-1", provider: "fake", usage: { inputTokens: 3, outputTokens: 1 }, stopReason: "stop" };

async function complete({ signal, ...request }) {
  asked.push(request);
  if (model.silent) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  if (model.error) throw Object.assign(new Error(model.error), { code: model.code });
  return { ...model, audit: "not for others" };
}

plugin.register({
  pluginConfig: JSON.parse(config),
  rootDir: "/checkout",
  runtime: {
    state: { resolveStateDir: () => state },
    agent: { resolveAgentWorkspaceDir: (_, id) => `/ws/${id}` },
    llm: { complete },
    config: { current: () => ({}) },
  },
  logger: { warn: (line) => warnings.push(line) },
  on: (name, run) => (hooks[name] ??= []).push(run),
  registerCommand: ({ name, handler }) => (commands[name] = handler),
  registerTool: (factory, { name }) => (tools[name] = factory),
  registerService: () => {},
  registerInteractiveHandler: ({ channel, namespace, handler }) => (presses[`${channel}:${namespace}`] = handler),
  registerHttpRoute: ({ path, handler }) => (routes[path] = handler),
});

/** OpenClaw's cron, as far as its add, update, list and remove were read and seen. */
class Cron {
  constructor(jobs, refuse) {
    Object.assign(this, { jobs, refuse });
  }
  async add(input) {
    if (this.refuse && input.name.includes(this.refuse)) throw new Error("bad schedule");
    const found = this.jobs.find((job) => job.declarationKey === input.declarationKey);
    const { enabled, agentId, name, description, ...spec } = input;
    if (found) return Object.assign(found, spec);
    this.jobs.push({ id: `job-${this.jobs.length + 1}`, ...input });
    return this.jobs.at(-1);
  }
  update = async (id, patch) => Object.assign(this.jobs.find((job) => job.id === id), patch);
  list = async ({ includeDisabled }) => this.jobs.filter((job) => includeDisabled || job.enabled);
  remove = async (id) => void (this.jobs = this.jobs.filter((job) => job.id !== id));
}

const server = http.createServer((request, response) => routes[new URL(request.url, "http://x").pathname](request, response));

/** Do what one line asks for. */
async function run({ press, hook, event, ctx, tool, command, params, context, jobs, refuse, serve, answers }) {
  if (answers) model = answers;
  if (serve) return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
  if (press) {
    const replies = [];
    const handled = await presses[`${press.channel}:clawcortex`]({ ...press, respond: { reply: async ({ text }) => void replies.push(text) } });
    return { ...handled, replies };
  }
  if (command) return commands[command](ctx);
  if (tool) return tools[tool](context).execute("call_1", params);
  if (!hook) return asked.splice(0);
  event.itself = event; // what OpenClaw passes has cycles and functions
  const cron = new Cron(jobs ?? [], refuse);
  const results = await Promise.all(hooks[hook].map((one) => one(event, { ...ctx, assertActive: () => {}, getCron: () => cron })));
  return jobs ? cron.jobs : results[0];
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer = null;
  let error = null;
  try {
    answer = await run(JSON.parse(line));
  } catch (thrown) {
    error = thrown.message;
  }
  process.stdout.write(`${JSON.stringify({ answer: answer ?? null, error, warnings: warnings.splice(0) })}\n`);
}
server.close();
server.closeAllConnections();

// The bridge between OpenClaw and the resident server: every hook and tool is one POST over its Unix socket.
// OpenClaw calls register() several times in one process, in several module instances: nothing is remembered here.
import { spawn } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { buffer, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(fileURLToPath(import.meta.url)); // OpenClaw runs a captured copy; api.rootDir is the checkout
const MANIFEST = JSON.parse(fs.readFileSync(path.join(ROOT, "openclaw.plugin.json"), "utf8"));
const MANIFESTS = fs.readdirSync(path.join(ROOT, "skills")).map((name) => path.join(ROOT, "skills", name, "skill.json"));
const SKILLS = MANIFESTS.filter((file) => fs.existsSync(file)).map((file) => JSON.parse(fs.readFileSync(file, "utf8")));
const TOOLS = SKILLS.flatMap((skill) => skill.tools ?? []);
const COMMANDS = SKILLS.flatMap((skill) => skill.commands ?? []);
const SOCKET_LIMIT = 100; // as in lib/clawcortex/paths.py
const RESET_MESSAGES = 400; // the newest of a transcript: the older were captured or reset before
const PROMPT_LIMIT = 2_000_000; // bytes, as in lib/clawcortex/openclaw/gateway.py
const BUTTON_CHANNELS = ["telegram", "discord", "slack"]; // those that tell a plugin of a press, to OpenClaw's knowledge
const INSTEAD = { kept: "Noted. I cannot apply it right now; it counts as soon as I can.", lost: "That did not work; please press again later.", refused: "This button is not one of mine." };
const COMMAND_MS = 90_000; // until a message stands in the chat: OpenClaw waits up to 60 s for a busy one
const PAGE_MS = 120_000; // a button may run the doctor
const PAGE_HEADERS = ["content-type", "content-length", "location", "set-cookie", "content-security-policy", "cache-control", "referrer-policy", "x-content-type-options", "x-frame-options", "cross-origin-opener-policy"];
const LOOPBACK = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** The rule of lib/clawcortex/paths.py: beside the data, or in a short runtime folder when that path is too long. */
function socketIn(state) {
  const direct = path.join(state, "run", "server.sock");
  if (Buffer.byteLength(direct) <= SOCKET_LIMIT) return direct;
  const digest = crypto.createHash("sha256").update(state).digest("hex").slice(0, 12);
  const base = Buffer.byteLength(os.tmpdir()) < SOCKET_LIMIT - 50 ? os.tmpdir() : "/tmp";
  return path.join(base, `clawcortex-${process.getuid()}-${digest}`, "server.sock");
}

/** Refuse a socket that somebody else made: the short folder lies in /tmp. */
function owned(socketPath) {
  if (fs.statSync(socketPath).uid !== process.getuid()) throw new Error(`${socketPath} belongs to another user`);
}

/** One request; resolves with {status, body}, rejects when nobody answers in time. */
function request(socketPath, route, payload, ms) {
  return new Promise((resolve, reject) => {
    owned(socketPath);
    const data = payload === undefined ? "" : JSON.stringify(payload);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(data), "x-clawcortex-caller": "tool" };
    const options = { socketPath, path: route, method: payload === undefined ? "GET" : "POST", headers, agent: false, signal: AbortSignal.timeout(ms) };
    const sent = http.request(options, (answer) => {
      text(answer).then((said) => resolve({ status: answer.statusCode, body: JSON.parse(said || "{}") })).catch(reject);
    });
    sent.on("error", reject);
    sent.end(data);
  });
}

const pick = (from, names) => Object.fromEntries(names.filter((name) => from?.[name] !== undefined).map((name) => [name, from[name]]));
const sentences = ({ message, hint }) => (hint ? `${String(message).replace(/[.]$/, "")}. ${hint}` : String(message)); // what went wrong, and the next step
const CONTEXT = ["runId", "agentId", "sessionKey", "sessionId", "trigger", "channel", "messageProvider", "accountId", "channelId", "chatId", "senderId", "conversationId"];
const MESSAGE = ["role", "timestamp", "idempotencyKey", "responseId", "toolCallId", "toolName", "__openclaw"];
const WRITER = ["agentId", "sessionKey", "channel", "accountId", "senderId", "to", "messageThreadId"];
const CALLER = ["agentId", "sessionKey", "messageChannel", "agentAccountId", "nativeChannelId", "requesterSenderId", "senderIsOwner", "deliveryContext"];

/** A message without what no memory needs: pictures, tool results, usage. */
function trimmed(message) {
  const parts = typeof message.content === "string" ? [{ type: "text", text: message.content }] : (message.content ?? []);
  const said = message.role === "user" || message.role === "assistant" ? parts.filter((part) => part?.type === "text") : [];
  return { ...pick(message, MESSAGE), content: said.map((part) => pick(part, ["type", "text"])) };
}

/** The last user message and what followed: earlier turns may be another person's. */
function lastTurn(messages) {
  const asked = messages.findLastIndex((message) => message?.role === "user");
  return asked < 0 ? [] : messages.slice(asked).map(trimmed);
}

// What of each event is sent. `keep`: what is spooled when the server is down (never a message's text twice).
const HOOKS = {
  button_pressed: { event: (e) => e, keep: (e) => e, id: (e) => e.callbackId && `${e.channel}:${e.accountId}:${e.callbackId}`, answer: (r) => r.reply ?? INSTEAD.refused, instead: INSTEAD },
  message_received: { event: (e) => ({ ...pick(e, ["senderId"]), metadata: pick(e.metadata, ["senderName"]) }) },
  before_dispatch: { event: (e) => pick(e, ["channel", "content", "senderId", "isGroup", "messageId"]), keep: (e) => ({ ...e, content: "" }), answer: (r) => (r.handled ? r : undefined) },
  before_prompt_build: { event: (e) => pick(e, ["prompt"]), answer: (r) => (r.prependContext ? pick(r, ["prependContext"]) : undefined), ofUser: true },
  agent_end: { event: (e) => ({ ...pick(e, ["runId", "success"]), messages: lastTurn(e.messages ?? []) }), keep: (e) => e, ofUser: true },
  before_compaction: { event: (e) => pick(e, ["messageCount", "tokenCount"]), keep: (e) => e },
  after_compaction: { event: (e) => pick(e, ["messageCount", "tokenCount", "compactedCount"]), keep: (e) => e },
  before_reset: { event: (e) => ({ ...pick(e, ["reason"]), messages: (e.messages ?? []).slice(-RESET_MESSAGES).map(trimmed) }), keep: (e) => e },
  session_start: { event: (e) => pick(e, ["resumedFrom"]), keep: (e) => e },
  session_end: { event: (e) => pick(e, ["reason"]) },
  gateway_start: { event: (e, { config }, api) => ({ port: e.port, tls: config?.gateway?.tls?.enabled === true, agents: agentsOf(api, config) }), keep: (e) => e },
};

/** The agents with their workspaces, first the owner of what nobody asked for (as openclaw/config.py); without any, "main". */
function agentsOf(api, config) {
  const { entries, list, defaults, ownership } = config?.agents ?? {};
  const keyed = Object.entries(entries ?? {}).map(([id, entry]) => ({ ...entry, id }));
  const named = keyed.length || !Array.isArray(list) ? keyed : list;
  const plain = (id) => (typeof id === "string" ? id.trim().toLowerCase() : "");
  const agents = named.map((agent) => ({ id: plain(agent?.id), marked: agent?.default === true })).filter(({ id }) => id);
  if (!agents.length) agents.push({ id: "main" });
  const marked = ownership === "explicit" ? [] : agents.filter((agent) => agent.marked);
  const owner = agents.find(({ id }) => id === plain(defaults?.systemAgent?.agentId));
  const first = owner ?? (marked.length === 1 ? marked[0] : agents[0]);
  const ordered = [first, ...agents.filter((agent) => agent !== first)];
  return ordered.map(({ id }) => ({ id, workspace: api.runtime.agent.resolveAgentWorkspaceDir(config, id) }));
}

/** Leave an event for the server to read when it is back: whole or not at all, named so that names sort by time. */
function spool(state, entry) {
  const folder = path.join(state, "spool");
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const within = String(process.hrtime.bigint() % 1_000_000_000n).padStart(9, "0");
  const name = `${String(Date.now()).padStart(15, "0")}-${within}${crypto.randomBytes(4).toString("hex")}.json`;
  const part = path.join(folder, `.${name}.part`);
  fs.writeFileSync(part, JSON.stringify(entry), { mode: 0o600, flag: "wx", flush: true });
  fs.renameSync(part, path.join(folder, name));
}

/** What a press tells, whichever channel it comes from. */
function pressOf({ callback, interaction, ...ctx }) {
  const pressed = callback ?? interaction ?? {};
  return { ...pick(ctx, ["channel", "accountId", "callbackId", "threadId", "senderId", "isGroup"]), chatId: ctx.conversationId ?? pressed.chatId, senderName: ctx.senderUsername, isAuthorized: ctx.auth?.isAuthorizedSender === true, value: pressed.data, messageId: pressed.messageId, pressedAt: Date.now() };
}

/** Send one event; whatever goes wrong costs nobody a reply. */
async function forward(api, place, hook, event, ctx, ms) {
  const { event: chosen, keep, id, answer, ofUser, instead } = HOOKS[hook];
  let entry;
  try {
    if (ofUser && ctx.trigger !== "user") return undefined;
    const named = event.messages?.findLast?.((message) => ctx.senderId && message?.__openclaw?.senderId === ctx.senderId);
    entry = { hook, event: chosen(event, ctx, api), ctx: { ...(keep && { eventId: id?.(event) || crypto.randomUUID() }), ...pick(ctx, CONTEXT), ...pick(named?.__openclaw, ["senderName"]) } };
    const { status, body } = await request(place.socket, `/v1/hooks/${hook}`, pick(entry, ["event", "ctx"]), ms);
    if (status === 200) return answer?.(body);
    if (status < 500 && status !== 429) entry = undefined; // refused: it would be refused again
    throw new Error(`${status} ${body.code}: ${body.message}`);
  } catch (error) {
    let kept = "";
    if (keep && entry) {
      try {
        spool(place.state, { ...entry, event: keep(entry.event) });
        kept = ", spooled";
      } catch (fault) {
        kept = `, not spooled: ${fault.message}`;
      }
    }
    api.logger.warn(`clawcortex: ${hook} without the server (${error.code ?? error.message})${kept}`);
    return instead?.[!entry ? "refused" : kept === ", spooled" ? "kept" : "lost"];
  }
}

/** A cron job for each schedule of the skills; skill.json has its key, name and flags ready. */
function jobsOf(api, place, python, config) {
  const settings = path.join(place.state, "settings.toml");
  const own = fs.existsSync(settings) && /^\s*timezone\s*=\s*["']([^"'\n]+)["']/m.exec(fs.readFileSync(settings, "utf8"))?.[1];
  const tz = process.env.CLAWCORTEX_TIMEZONE || own || config?.agents?.defaults?.userTimezone;
  const env = { CLAWCORTEX_CALLER: "cron", OPENCLAW_STATE_DIR: path.dirname(place.state) };
  const job = (skill, { cron, operation, key, name, flags, timeout_s: seconds }) => ({
    ...{ declarationKey: key, name, description: `${skill.title}: clawcortex keeps this job; disable it to be rid of it`, enabled: true },
    ...{ agentId: agentsOf(api, config)[0].id, sessionTarget: "isolated", wakeMode: "now", delivery: { mode: "none" } },
    schedule: { kind: "cron", expr: cron, ...(tz && { tz }) },
    payload: { kind: "command", argv: [python, path.join(api.rootDir ?? ROOT, "skills", skill.name, "run.py"), operation, `--timeout=${seconds}`, ...flags], env, timeoutSeconds: seconds + 10 }, // our own error first
  });
  return SKILLS.flatMap((skill) => (skill.schedules ?? []).map((schedule) => job(skill, schedule)));
}

/** Let cron have these of our jobs and no others. add() finds a job by its key, and leaves one disabled that a person disabled. */
async function schedule(api, cron, jobs) {
  for (const job of jobs) {
    try {
      const { id, agentId, state } = await cron.add(job);
      const stopped = state?.autoDisabled && { enabled: true }; // by OpenClaw, after ten failures
      if (stopped || agentId !== job.agentId) await cron.update(id, { ...pick(job, ["agentId"]), ...stopped });
    } catch (error) {
      api.logger.warn(`clawcortex: cron refused "${job.name}" (${error.message})`);
    }
  }
  const ours = (await cron.list({ includeDisabled: true })).filter(({ declarationKey: key }) => key?.startsWith("clawcortex:"));
  for (const { id, declarationKey: key } of ours) if (!jobs.some((job) => job.declarationKey === key)) await cron.remove(id);
}

/** What the server asks of this gateway. Both sign with run/gateway.key, and neither shows it. */
async function signed(api, place, name, act, request, gone) {
  const refused = (status, code, error) => ({ status, body: { code, message: error.message ?? error, undone: error.undone } });
  if (!LOOPBACK.has(request.socket.remoteAddress)) return refused(403, "denied", "only from this machine");
  const key = fs.readFileSync(path.join(place.state, "run", "gateway.key"));
  const sign = (who, what) => crypto.createHmac("sha256", key).update(`${who}\n`).update(what).digest("hex");
  const nonce = `${request.headers["x-clawcortex-nonce"]}\n${request.socket.localPort}`; // nobody on another port can pass the proof on
  if (request.method === "GET") return { status: 200, body: { proof: sign("gateway", nonce) } };
  if (request.method !== "POST") return refused(405, "bad_method", "POST only");
  if (!(Number(request.headers["content-length"]) <= PROMPT_LIMIT)) return refused(413, "too_large", `not a body of up to ${PROMPT_LIMIT} bytes`);
  const body = await buffer(request);
  const [mine, theirs] = [sign(`server ${name}`, body), String(request.headers["x-clawcortex-signature"])].map((one) => Buffer.from(one));
  if (mine.length !== theirs.length || !crypto.timingSafeEqual(mine, theirs)) return refused(403, "denied", "signed with another key");
  const asked = JSON.parse(body);
  const over = AbortSignal.timeout(asked.timeoutMs);
  const signal = AbortSignal.any([over, gone]);
  const ended = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  try {
    return { status: 200, body: await Promise.race([act(api, asked, signal), ended]) };
  } catch (error) {
    return over.aborted ? refused(504, "timeout", `no answer in ${asked.timeoutMs} ms`) : refused(502, String(error.code ?? "failed"), error);
  }
}

/** One completion by an agent's model. */
async function complete(api, { agent, system, prompt, maxTokens, purpose }, signal) {
  const asked = { agentId: agent, systemPrompt: system, messages: [{ role: "user", content: prompt }], maxTokens, purpose: `clawcortex.${purpose}` };
  return pick(await api.runtime.llm.complete({ ...asked, signal }), ["text", "model", "provider", "usage", "stopReason"]);
}

/** A message, or an edit of one. Past OpenClaw's own queue: that would send again later what the server was told had failed. */
async function message(api, { action, agent, channel, account, target, thread, messageId, text, buttons, timeoutMs }, signal) {
  const cfg = api.runtime.config.current();
  if (!agentsOf(api, cfg).some(({ id }) => id === agent)) throw Object.assign(new Error(`no agent ${agent}`), { code: "unknown_agent" });
  const button = ({ label, value, style }) => ({ label, action: { type: "callback", value }, ...(style && { style }) });
  const presentation = { blocks: buttons.map((row) => ({ type: "buttons", buttons: row.map(button) })) };
  const accountId = account || undefined;
  if (action === "edit") {
    const { callGatewayTool } = await import("openclaw/plugin-sdk/agent-harness-runtime");
    const params = { to: target, messageId, message: text, presentation };
    return callGatewayTool("message.action", { timeoutMs }, { channel, action, accountId, agentId: agent, params, conversationReadOrigin: "direct-operator", idempotencyKey: crypto.randomUUID() }, { signal });
  }
  const { buildOutboundSessionContext, sendDurableMessageBatch } = await import("openclaw/plugin-sdk/channel-outbound");
  const session = buildOutboundSessionContext({ cfg, agentId: agent });
  const payloads = [buttons.length ? { text, presentation } : { text }];
  const { status, reason, results, error, payloadOutcomes } = await sendDurableMessageBatch({ cfg, channel, to: target, accountId, threadId: thread || undefined, payloads, session, skipQueue: true, signal });
  if (status === "sent") return { messageId: results.at(-1).messageId };
  const began = payloadOutcomes?.some((one) => one.sentBeforeError || one.status === "sent" || one.reason === "adapter_returned_no_identity");
  const undone = !began && (status === "suppressed" || payloadOutcomes?.length > 0 || error?.code === "OPENCLAW_PLATFORM_MESSAGE_NOT_DISPATCHED");
  throw Object.assign(new Error(error?.message ?? `${status}: ${reason}`), { code: error?.code ?? status, undone });
}

/** What the gateway lists: `api.runtime` may not, in a route that the plugin itself guards. */
async function listed(method, params, timeoutMs, signal) {
  const { callGatewayTool } = await import("openclaw/plugin-sdk/agent-harness-runtime");
  return callGatewayTool(method, { timeoutMs }, params, { signal });
}

/** Where agents can run beside this machine. */
async function nodes(_api, { timeoutMs }, signal) {
  const { nodes: found } = await listed("node.list", {}, timeoutMs, signal);
  return { nodes: found.map((node) => pick(node, ["nodeId", "displayName", "platform", "connected", "gatewayLocal"])) };
}

/** The sessions there are, of all agents, as its tool sessions_list shows them. */
async function sessions(_api, { limit, timeoutMs }, signal) {
  const { sessions: found } = await listed("sessions.list", { limit }, timeoutMs, signal);
  return { sessions: found.map((session) => pick(session, ["key", "updatedAt"])) };
}

/** The status page for a browser on this machine. The server checks who asks; only what it needs passes, both ways. */
function page(place, route, asked, response) {
  return new Promise((resolve, reject) => {
    if (!LOOPBACK.has(asked.socket.remoteAddress) || asked.headers["x-forwarded-for"]) return resolve(response.writeHead(403).end("Only from this machine."));
    owned(place.socket);
    const headers = pick(asked.headers, ["cookie", "content-type", "content-length"]);
    const options = { socketPath: place.socket, path: route + new URL(asked.url, "http://localhost").search, method: asked.method, headers, agent: false, signal: AbortSignal.timeout(PAGE_MS) };
    const sent = http.request(options, (answer) => {
      response.writeHead(answer.statusCode, pick(answer.headers, PAGE_HEADERS));
      answer.pipe(response).once("close", resolve);
    });
    sent.on("error", reject);
    asked.pipe(sent);
  });
}

/** The resident server as a child that ends when this gateway does: its stdin is ours. */
function service(api, place, python) {
  let child, timer, stopped, fails;
  const again = (why, worked) => {
    child = undefined;
    if (stopped) return;
    fails = worked ? 0 : fails + 1;
    if (fails) api.logger.warn(`clawcortex: the server ended (${why}); its last words are in ${place.state}/logs/start.log`);
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(60_000, 1_000 * 2 ** fails));
  };
  const launch = () => {
    const began = Date.now();
    const logs = path.join(place.state, "logs");
    fs.mkdirSync(logs, { recursive: true, mode: 0o700 });
    const errors = fs.openSync(path.join(logs, "start.log"), "w", 0o600);
    const env = { ...process.env, OPENCLAW_STATE_DIR: path.dirname(place.state) };
    env.PYTHONPATH = [path.join(api.rootDir ?? ROOT, "lib"), process.env.PYTHONPATH].filter(Boolean).join(path.delimiter);
    child = spawn(python, ["-m", "clawcortex", "serve", "--parent", "stdin"], { cwd: "/", env, stdio: ["pipe", "ignore", errors] });
    fs.closeSync(errors);
    child.stdin?.on("error", () => {}); // it ended before we closed its stdin; "exit" tells
    child.once("error", (error) => again(error.code)); // exit code 0: it found a running server and left it to serve
    child.once("exit", (code, signal) => again(signal ?? `exit code ${code}`, code === 0 || Date.now() - began > 60_000));
  };
  const look = async () => {
    try {
      const found = child || (await request(place.socket, "/healthz", undefined, 2_000).catch(() => undefined));
      if (stopped) return;
      if (!found) launch();
      else timer = setTimeout(look, 15_000);
    } catch (error) {
      again(error.code ?? error.message);
    }
  };
  return {
    id: "clawcortex-server",
    start: () => {
      [stopped, fails] = [false, 0];
      try {
        launch();
      } catch (error) {
        again(error.code ?? error.message);
      }
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      const last = child;
      if (!last) return;
      const gone = new Promise((resolve) => last.once("exit", resolve));
      last.stdin.end();
      const hurry = setTimeout(() => last.kill("SIGTERM"), 4_000);
      await gone;
      clearTimeout(hurry);
    },
  };
}

const entry = {
  id: MANIFEST.id,
  name: MANIFEST.name,
  description: MANIFEST.description,
  register(api) {
    const config = api.pluginConfig ?? {};
    const state = path.join(api.runtime.state.resolveStateDir(), "clawcortex");
    const place = { state, socket: config.socketPath ?? socketIn(state) };
    const { promptTimeoutMs = 1_000, captureTimeoutMs = 10_000, toolTimeoutMs = 30_000 } = config;
    for (const channel of BUTTON_CHANNELS) {
      const handler = async (ctx) => {
        const reply = await forward(api, place, "button_pressed", pressOf(ctx), {}, captureTimeoutMs);
        if (reply) await ctx.respond.reply({ text: reply }).catch((error) => api.logger.warn(`clawcortex: a press was not replied to (${error.message})`));
        return { handled: true };
      };
      api.registerInteractiveHandler({ channel, namespace: "clawcortex", handler });
    }
    for (const [hook, { answer }] of Object.entries(HOOKS)) {
      if (hook === "button_pressed") continue;
      const ms = answer || hook === "message_received" ? promptTimeoutMs : captureTimeoutMs;
      api.on(hook, (event, ctx) => forward(api, place, hook, event, ctx, ms), { timeoutMs: ms + 1_000 });
    }
    for (const { name, description, timeout_s: seconds = 0 } of COMMANDS) {
      const handler = async (ctx) => {
        const native = ctx.channel === "telegram" && !ctx.channelId; // elsewhere OpenClaw misses a reply where a message of ours is one
        const asked = { text: ctx.args ?? "", context: { ...pick(ctx, WRITER), native } };
        const ms = Math.max(COMMAND_MS, seconds * 1_000);
        const { status, body } = await request(place.socket, `/v1/commands/${name}`, asked, ms).catch((error) => ({ status: 503, body: { message: `The server does not answer (${error.code ?? error.message}).` } }));
        if (status !== 200) return { text: `⚠️ ${sentences(body)}` };
        return body.text ? { text: body.text } : { suppressReply: true }; // the server's own message says it
      };
      api.registerCommand({ name, description, acceptsArgs: true, handler });
    }
    for (const { name, description, parameters, timeout_s: seconds } of TOOLS) {
      const execute = (context) => async (_id, params) => {
        const answer = await request(place.socket, `/v1/tools/${name}`, { params, context: pick(context, CALLER) }, seconds ? seconds * 1_000 : toolTimeoutMs).catch((error) => {
          throw new Error(`${name}: the memory server does not answer (${error.code ?? error.message})`);
        });
        if (answer.status !== 200) throw new Error(`${name}: ${sentences(answer.body)}`);
        return { content: [{ type: "text", text: JSON.stringify(answer.body) }], details: { result: answer.body } };
      };
      api.registerTool((context) => ({ name, label: name, description, parameters, execute: execute(context) }), { name });
    }
    const python = config.python ?? path.join(state, "venv", "bin", "python");
    api.registerService(service(api, place, python));
    const scheduled = async (ctx) => schedule(api, ctx.getCron(), jobsOf(api, place, python, ctx.config));
    api.on("gateway_start", (_, ctx) => scheduled(ctx).catch((error) => api.logger.warn(`clawcortex: no cron jobs (${error.message})`)));
    const route = (name, auth, answer) => {
      const handler = async (asked, response) => {
        const gone = new AbortController();
        response.once("close", () => gone.abort());
        const { status, body } = await answer(asked, gone.signal).catch((error) => ({ status: 503, body: { code: "unavailable", message: String(error.code ?? error.message) } }));
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
        return true;
      };
      api.registerHttpRoute({ path: `/clawcortex/${name}`, auth, match: "exact", handler });
    };
    route("health", "gateway", () => request(place.socket, "/readyz", undefined, 2_000));
    for (const [name, auth, at] of [["status", "gateway", "/status"], ["page", "plugin", "/page"]]) {
      const handler = async (asked, response) => {
        await page(place, at, asked, response).catch((error) => (response.headersSent ? response.destroy() : response.writeHead(503).end(`The server does not answer (${error.code ?? error.message}).`)));
        return true;
      };
      api.registerHttpRoute({ path: `/clawcortex/${name}`, auth, match: "exact", handler });
    }
    for (const act of [complete, message, nodes, sessions]) route(act.name, "plugin", (asked, gone) => signed(api, place, act.name, act, asked, gone));
  },
};

// What OpenClaw's defineToolPlugin() sets: `openclaw plugins validate` compares it with the manifest.
const tools = TOOLS.map(({ name, description, parameters }) => ({ name, label: name, description, parameters }));
const metadata = { ...pick(MANIFEST, ["id", "name", "description", "activation", "configSchema"]), tools };
Object.defineProperty(entry, Symbol.for("openclaw.plugin-sdk.tool-plugin.metadata"), { enumerable: false, value: metadata });

export default entry;

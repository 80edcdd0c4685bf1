// SPDX-License-Identifier: MIT
// OpenCode plugin: a session is told when a job that it started has ended or become ready, also while it is idle.
// It imports nothing, so that OpenCode has nothing to install for it.

const SETTLE_MS = 1000; // a tool's answer that is on its way may tell the same
const KEEP_MS = 10_000; // so long such an answer is kept
const RUNS_MS = 5000; // what ends sooner is not run again

const EVENTS = { exit: "exited|failed|killed", ready: "ready" }; // what is told, and how a tool's answer says it

// OpenCode may load it again, and twice where both the user and the project have it: all share what they know, and the
// last one follows the events.
const { sessions, answers, followers } = (globalThis[Symbol.for("sdbg")] ??= {
	sessions: new Map(), // id: the agent and model of its last message
	answers: new Map(), // id: what tools have answered of late
	followers: new Map(), // directory: what ends it
});

export const Sdbg = async ({ client, directory }) => {

	/** A subagent's session is over with its answer: the one that it works for. */
	const mainSession = async (id) => {
		const { data } = await client.session.get({ path: { id } });
		return data?.parentID ? mainSession(data.parentID) : id;
	};

	const hasSeen = (id, { event, job, time }) => {
		const pattern = new RegExp(`(?<![\\w.-])${job.replaceAll(".", "\\.")}:? (is )?(${EVENTS[event]})\\b`);
		return answers.get(id)?.some((answer) => answer.at >= Date.parse(time) && pattern.test(answer.text));
	};

	const take = async (line) => {
		const event = JSON.parse(line);
		const id = event.labels?.session ?? /session (\S+)$/.exec(event.asked_by ?? "")?.[1];
		if (!EVENTS[event.event] || !sessions.has(id) || event.result === "stopped") return;
		await Bun.sleep(SETTLE_MS);
		if (hasSeen(id, event)) return;
		const last = event.last_line ? ` Its last line: ${event.last_line}` : "";
		const text = `Background job: ${event.message}.${last} Read it with 'sdbg logs ${event.job}' or job_logs.`;
		const main = await mainSession(id);
		await client.session.promptAsync({
			path: { id: main },
			body: { ...sessions.get(main), parts: [{ type: "text", text, synthetic: true }] },
		});
	};

	let child;
	const end = () => child?.kill();
	followers.get(directory)?.();
	followers.set(directory, end);
	process.on("exit", end);

	const follow = async () => {
		child = Bun.spawn(["sdbg", "events", "-f", "--json"], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
		const decoder = new TextDecoder();
		let rest = "";
		for await (const bytes of child.stdout) {
			const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
			rest = lines.pop();
			for (const line of lines) take(line).catch(() => {});
		}
	};

	const followAlways = async () => {
		for (let begin = 0; Date.now() - begin > RUNS_MS && followers.get(directory) === end; await follow())
			begin = Date.now();
	};
	followAlways().catch(() => {}); // sdbg is not installed

	return {
		"chat.message": async ({ sessionID }, { message }) => {
			const { variant, ...model } = message.model;
			sessions.set(sessionID, { agent: message.agent, model, variant });
		},
		// Commands of the bash tool, and sdbg's own tools, say whose jobs they start.
		"shell.env": async ({ sessionID }, output) => {
			if (sessionID) output.env.OPENCODE_SESSION_ID = sessionID;
		},
		"tool.execute.before": async ({ tool, sessionID }, output) => {
			if (!tool.endsWith("_job_start")) return;
			const { labels } = output.args;
			// As sdbg takes them: an object, a list of KEY=VALUE, or one such text.
			const isMap = typeof labels === "object" && !Array.isArray(labels);
			output.args.labels = isMap ? { ...labels, session: sessionID } : [labels ?? [], `session=${sessionID}`].flat();
		},
		event: async ({ event }) => {
			const { type, tool, state, sessionID } = event.properties?.part ?? {};
			if (event.type !== "message.part.updated" || type !== "tool") return;
			if (!["completed", "error"].includes(state.status) || (tool !== "bash" && !/_job_/.test(tool))) return;
			const late = (answers.get(sessionID) ?? []).filter(({ at }) => at > Date.now() - KEEP_MS);
			answers.set(sessionID, [...late, { at: Date.now(), text: state.output ?? state.error }]);
		},
	};
};

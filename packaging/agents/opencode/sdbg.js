// SPDX-License-Identifier: MIT
// OpenCode plugin: a session is told when a job that it started has ended or become ready, also while it is idle.
// It imports nothing, so that OpenCode has nothing to install for it.

const SETTLE_MS = 1000; // an answer of a tool that is on its way may tell the same

export const Sdbg = async ({ client }) => {
	const sessions = new Map(); // id: the agent and model that it uses
	const owners = new Map(); // run: the session that started it
	const told = new Map(); // session: the jobs whose end a tool's answer has told

	const wake = async (id, text) => {
		const { agent, model } = sessions.get(id);
		await client.session.promptAsync({
			path: { id },
			body: { agent, model, parts: [{ type: "text", text, synthetic: true }] },
		});
	};

	const take = async (event) => {
		const id = event.labels?.session ?? /session (\S+)$/.exec(event.asked_by ?? "")?.[1];
		if (event.event === "start" && sessions.has(id)) owners.set(event.run, id);
		const owner = owners.get(event.run);
		if (!owner || !["exit", "ready"].includes(event.event)) return;
		if (event.event === "exit") owners.delete(event.run);
		if (event.result === "stopped") return;
		await new Promise((done) => setTimeout(done, SETTLE_MS));
		if (told.get(owner)?.delete(event.job)) return;
		const more = event.last_line ? ` Its last line: ${event.last_line}` : "";
		await wake(owner, `Background job: ${event.message}.${more} Read it with 'sdbg logs ${event.job}' or job_logs.`);
	};

	const follow = async () => {
		const child = Bun.spawn(["sdbg", "events", "-f", "--json"], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
		process.on("exit", () => child.kill());
		const decoder = new TextDecoder();
		let rest = "";
		for await (const bytes of child.stdout) {
			const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
			rest = lines.pop();
			for (const line of lines) take(JSON.parse(line)).catch(() => {});
		}
	};
	follow().catch(() => {});

	return {
		"chat.message": async ({ sessionID, agent, model }) => {
			sessions.set(sessionID, { agent, model });
		},
		// Commands of the bash tool, and sdbg's own tools, say whose jobs they start.
		"shell.env": async ({ sessionID }, output) => {
			if (sessionID) output.env.OPENCODE_SESSION_ID = sessionID;
		},
		"tool.execute.before": async ({ tool, sessionID }, output) => {
			if (tool.endsWith("_job_start")) output.args.labels = { ...output.args.labels, session: sessionID };
		},
		"tool.execute.after": async ({ tool, sessionID }, output) => {
			if (!/_job_/.test(tool)) return;
			const names = told.get(sessionID) ?? new Set();
			for (const [, name] of (output.output ?? JSON.stringify(output)).matchAll(/\[(\S+) (?:exited|failed|ready)/g)) names.add(name);
			told.set(sessionID, names);
		},
	};
};

// SPDX-License-Identifier: MIT
// sdk-client NODE_MODULES [VERSION]: a client made of the TypeScript SDK, which checks each answer by the tool's output
// schema; for a version without sessions, of the SDK's second line. It takes lines of JSON {method, params} on stdin and
// prints what came, as {result} or {error}, in the same order, and {notification} when one comes.
import { createRequire } from "node:module";
import readline from "node:readline";

const [modules, version] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = (second, first) => require(version ? `@modelcontextprotocol/client${second}` : `@modelcontextprotocol/sdk/${first}`);
const { Client } = load("", "client/index.js");
const { StdioClientTransport } = load("/stdio", "client/stdio.js");
const print = (line) => console.log(JSON.stringify(line));

const client = new Client(
	{ name: "sdk-client", version: "1" },
	version ? { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: version } } } : {},
);
const methods = {
	"tools/list": (params) => client.listTools(params),
	"tools/call": (params) => client.callTool(params),
	"resources/list": (params) => client.listResources(params),
	"resources/read": (params) => client.readResource(params),
	"prompts/list": (params) => client.listPrompts(params),
	"prompts/get": (params) => client.getPrompt(params),
};
if (version) {
	client.fallbackNotificationHandler = async (notification) => print({ notification });
	client.setRequestHandler("elicitation/create", async (question) => {
		print({ notification: question });
		return { action: question.params.message.includes("no, thanks") ? "decline" : "accept", content: {} };
	});
	let subscription;
	methods["subscriptions/listen"] = async (filter) => (subscription = await client.listen(filter)).honoredFilter;
	methods["subscriptions/close"] = async () => {
		await subscription.close();
		return subscription.closed;
	};
} else {
	const { EmptyResultSchema } = require("@modelcontextprotocol/sdk/types.js");
	methods.ping = () => client.ping();
	methods["job/none"] = () => client.request({ method: "job/none" }, EmptyResultSchema);
}

await client.connect(new StdioClientTransport({ command: "sdbg", args: ["mcp"], env: process.env, stderr: "inherit" }));
print({ result: { server: client.getServerVersion(), instructions: client.getInstructions() } });
for await (const line of readline.createInterface({ input: process.stdin })) {
	const { method, params } = JSON.parse(line);
	try {
		print({ result: await methods[method](params) });
	} catch (error) {
		print({ error: { code: error.code, message: error.message } });
	}
}
await client.close();

// SPDX-License-Identifier: MIT
// A client made of the TypeScript SDK, which checks each answer by the tool's output schema. It takes lines of
// JSON {method, params} on stdin and prints what came, as {result} or {error}, in the same order.
import { createRequire } from "node:module";
import readline from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
const { EmptyResultSchema } = require("@modelcontextprotocol/sdk/types.js");

const client = new Client({ name: "sdk-client", version: "1" });
await client.connect(new StdioClientTransport({ command: "sdbg", args: ["mcp"], env: process.env, stderr: "inherit" }));
console.log(JSON.stringify({ result: { server: client.getServerVersion(), instructions: client.getInstructions() } }));

const methods = {
	"tools/list": (params) => client.listTools(params),
	"tools/call": (params) => client.callTool(params),
	"resources/list": (params) => client.listResources(params),
	"resources/read": (params) => client.readResource(params),
	"prompts/list": (params) => client.listPrompts(params),
	"prompts/get": (params) => client.getPrompt(params),
	ping: () => client.ping(),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
	const { method, params } = JSON.parse(line);
	try {
		const call = methods[method] ?? ((p) => client.request({ method, params: p }, EmptyResultSchema));
		console.log(JSON.stringify({ result: await call(params) }));
	} catch (error) {
		console.log(JSON.stringify({ error: { code: error.code, message: error.message } }));
	}
}
await client.close();

// Every recorded answer through Node's official clients and the Vercel AI SDK. SWITCHYARD_RECORDINGS: a file of what they say.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { GoogleGenAI } from "@google/genai";
import { generateText, streamText } from "ai";
import OpenAI from "openai";

globalThis.AI_SDK_LOG_WARNINGS = false;
const url = process.env.SWITCHYARD_URL;
const rows = JSON.parse(fs.readFileSync(process.env.SWITCHYARD_RECORDINGS, "utf8"));
const prompt = "Go on";
const parse = (text) => JSON.parse(text || "{}");

const openai = new OpenAI({ baseURL: url + "/v1", apiKey: "any", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url + "/anthropic", apiKey: "any", maxRetries: 0 });
const google = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: url + "/genai" } });

async function chat(row) {
  const request = { model: row.model, messages: [{ role: "user", content: prompt }] };
  const got = row.stream ? await openai.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion()
    : await openai.chat.completions.create(request);
  const message = got.choices[0].message;
  return { text: (message.content ?? "") + (message.refusal ?? ""), calls: (message.tool_calls ?? []).map((c) => [c.function.name, parse(c.function.arguments)]),
    input: got.usage?.prompt_tokens, output: got.usage?.completion_tokens };
}

async function responses(row) {
  const request = { model: row.model, input: prompt };
  const got = row.stream ? await openai.responses.stream(request).finalResponse() : await openai.responses.create(request);
  const out = { text: "", calls: [], input: got.usage?.input_tokens, output: got.usage?.output_tokens };
  for (const item of got.output) {
    if (item.type === "message") for (const part of item.content) out.text += part.text ?? part.refusal ?? "";
    if (item.type === "function_call") out.calls.push([item.name, parse(item.arguments)]);
  }
  return out;
}

async function messages(row) {
  const request = { model: row.model, max_tokens: 500, messages: [{ role: "user", content: prompt }] };
  const got = row.stream ? await anthropic.messages.stream(request).finalMessage() : await anthropic.messages.create(request);
  return { text: got.content.filter((b) => b.type === "text").map((b) => b.text).join(""), calls: got.content.filter((b) => b.type === "tool_use").map((b) => [b.name, b.input]),
    input: got.usage.input_tokens + (got.usage.cache_read_input_tokens ?? 0) + (got.usage.cache_creation_input_tokens ?? 0), output: got.usage.output_tokens };
}

async function gemini(row) {
  const out = { text: "", calls: [] };
  const take = (chunk) => {
    for (const part of chunk.candidates?.[0]?.content?.parts ?? []) {
      if (part.functionCall) out.calls.push([part.functionCall.name, part.functionCall.args ?? {}]);
      else if (part.text && !part.thought) out.text += part.text;
    }
    const usage = chunk.usageMetadata;
    if (usage) {
      out.input = (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0);
      out.output = (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0);
    }
  };
  const request = { model: row.model, contents: prompt };
  if (row.stream) for await (const chunk of await google.models.generateContentStream(request)) take(chunk);
  else take(await google.models.generateContent(request));
  return out;
}

const vercel = {
  "ai, openai chat": createOpenAI({ baseURL: url + "/v1", apiKey: "any" }).chat,
  "ai, openai responses": createOpenAI({ baseURL: url + "/v1", apiKey: "any" }).responses,
  "ai, anthropic": createAnthropic({ baseURL: url + "/anthropic/v1", apiKey: "any" }),
  "ai, google": createGoogleGenerativeAI({ baseURL: url + "/genai/v1beta", apiKey: "any" }),
};

/// Hosted tools were called and answered at the provider.
const isOurs = (call) => !call.providerExecuted;

/// The AI SDK runs no tools here: calls come back as they are.
function withVercel(model) {
  return async (row) => {
    const asked = { model: model(row.model), prompt, maxRetries: 0 };
    if (!row.stream) {
      const got = await generateText(asked);
      return { text: got.text, calls: got.toolCalls.filter(isOurs).map((c) => [c.toolName, typeof c.input === "string" ? parse(c.input) : c.input]) };
    }
    let problem;
    const got = streamText({ ...asked, onError: ({ error }) => { problem = error; } });
    let text = "";
    for await (const piece of got.textStream) text += piece;
    if (problem) throw problem;
    return { text, calls: (await got.toolCalls).filter(isOurs).map((c) => [c.toolName, typeof c.input === "string" ? parse(c.input) : c.input]) };
  };
}

// A provider of the client's own format goes through byte for byte, and these speak it in a way that some clients do not read: Groq's
// stream without a role, Mistral's content as a list of parts or its own message members; OpenAI's moderation chunk after the usage, and
// its compaction items, which the AI SDK does not know.
const ownWays = (row) => row.id.startsWith("mistral/") || row.id.includes("-mistral]") || row.id === "groq/test_groq_model_web_search_tool_stream#0" ||
  row.id === "openai/test_openai_moderation_stream#0";

function sweep(name, ask, compareUsage) {
  test(name, async () => {
    const failures = [];
    for (const row of rows) {
      if (/openai.* chat/.test(name) && ownWays(row)) continue;
      if (name === "ai, openai responses" && row.id === "openai_responses/test_openai_responses_compact_stateful_mode#2") continue;
      try {
        const got = await ask(row);
        assert.deepEqual({ text: got.text, calls: got.calls }, { text: row.text, calls: row.calls });
        if (compareUsage && row.input !== null) assert.deepEqual([got.input, got.output], [row.input, row.output]);
      } catch (problem) {
        failures.push(`${row.id} (${row.model}): ${problem.message}`);
      }
    }
    assert.equal(failures.length, 0, failures.length + " of " + rows.length + "\n" + failures.slice(0, 12).map((f) => f.slice(0, 600)).join("\n"));
  });
}

sweep("openai, chat completions", chat, true);
sweep("openai, responses", responses, true);
sweep("@anthropic-ai/sdk", messages, true);
sweep("@google/genai", gemini, true);
for (const [name, model] of Object.entries(vercel)) sweep(name, withVercel(model), false);

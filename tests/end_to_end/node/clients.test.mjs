// The official Node client against a running node: SWITCHYARD_URL, SWITCHYARD_KEY.
import assert from "node:assert/strict";
import test from "node:test";

import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

const options = { baseURL: process.env.SWITCHYARD_URL + "/v1", apiKey: process.env.SWITCHYARD_KEY, maxRetries: 0, timeout: 20_000 };
const client = new OpenAI(options);
const messages = [{ role: "user", content: "Explain points and signals" }];

const weather = {
  name: "get_weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
  strict: true,
};

const Plan = z.object({ steps: z.array(z.object({ title: z.string(), minutes: z.number() })), sure: z.boolean() });

test("chat answers with text and usage", async () => {
  const answer = await client.chat.completions.create({ model: "small", messages });
  assert.match(answer.choices[0].message.content, /points/);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test("a stream brings the same text as the whole answer", async () => {
  const whole = await client.chat.completions.create({ model: "small", messages });
  let text = "";
  for await (const chunk of await client.chat.completions.create({ model: "small", messages, stream: true })) {
    text += chunk.choices[0]?.delta?.content ?? "";
  }
  assert.equal(text, whole.choices[0].message.content);
});

test("a tool is called with arguments from the prompt", async () => {
  const answer = await client.chat.completions.create({
    model: "small", messages: [{ role: "user", content: "What is the weather in Oslo?" }], tools: [{ type: "function", function: weather }],
  });
  assert.equal(JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments).city, "Oslo");
});

test("structured output parses", async () => {
  const chat = await client.chat.completions.parse({ model: "large", messages, response_format: zodResponseFormat(Plan, "plan") });
  assert.ok(Array.isArray(chat.choices[0].message.parsed.steps));
  const response = await client.responses.parse({ model: "large", input: "Plan a trip", text: { format: zodTextFormat(Plan, "plan") } });
  assert.equal(typeof response.output_parsed.sure, "boolean");
});

test("responses answer whole and streamed", async () => {
  const answer = await client.responses.create({ model: "medium", input: "Describe the yard" });
  assert.match(answer.output_text, /yard/);
  const stream = client.responses.stream({ model: "medium", input: "Describe the yard" });
  const types = [];
  for await (const event of stream) types.push(event.type);
  assert.equal(types.at(-1), "response.completed");
  assert.equal((await stream.finalResponse()).output[0].content[0].text, answer.output_text);
});

test("embeddings and models", async () => {
  const answer = await client.embeddings.create({ model: "small", input: "one train", dimensions: 16 });
  assert.equal(answer.data[0].embedding.length, 16);
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.length >= 3);
  assert.ok((await client.models.retrieve("small")).id);
});

test("errors arrive as the client's own classes", async () => {
  await assert.rejects(new OpenAI({ ...options, apiKey: "wrong" }).chat.completions.create({ model: "small", messages }), OpenAI.AuthenticationError);
  await assert.rejects(client.chat.completions.create({ model: "ghost", messages }), OpenAI.NotFoundError);
  await assert.rejects(client.chat.completions.create({ model: "small", messages: [] }), OpenAI.BadRequestError);
  await assert.rejects(client.chat.completions.create({ model: "busy", messages }), (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.ok(Number(error.headers.get("retry-after")) >= 1);
    return true;
  });
});

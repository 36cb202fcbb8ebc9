"""Every recorded answer of every provider, asked for with every format's official client: text, tool calls and usage arrive as recorded."""
import json
import os
import subprocess
import tempfile
import unittest

import anthropic
import boto3
import botocore.config
import openai
from google import genai
from google.genai import types

import recordings
from yard import Yard, secret

WIRES = {"chat": "openai", "responses": "openai-responses", "messages": "anthropic", "gemini": "gemini", "bedrock": "bedrock", "cohere": "cohere"}
RECORDINGS = recordings.load()


def provider_config(url):
    providers = {name: {"wire": name, "base_url": url, "keys": [{"name": name + "-key", "value": secret(name), "models": ["rec-*"]}]}
                 for name in ("openai", "anthropic", "gemini", "cohere")}
    providers["openai"]["responses_api"] = False
    providers["openai-responses"] = {"wire": "openai", "native_api": "responses", "base_url": url,
                                     "keys": [{"name": "responses-key", "value": secret("responses"), "models": ["rec-*"]}]}
    providers["bedrock"] = {"wire": "bedrock", "base_url": url, "keys": [
        {"name": "bedrock-key", "access_key_id": "AKIA" + "X" * 16, "secret_access_key": secret("aws"), "region": "us-east-1", "models": ["rec-*"]}]}
    for settings in providers.values():
        settings["breaker"] = {"min_requests": 1000}
    return {"providers": providers}


class Answer:
    def __init__(self):
        self.text, self.calls, self.input, self.output = "", [], None, None


class ChatClient:
    """openai, chat completions."""

    def __init__(self, yard):
        self.client = openai.OpenAI(base_url=yard.url + "/openai/v1", api_key="any", max_retries=0, timeout=20)

    def whole(self, model):
        out, got = Answer(), self.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Go on"}])
        message = got.choices[0].message
        content = message.content or ""   # Mistral's thinking models send parts
        out.text = (content if isinstance(content, str) else "".join(part["text"] for part in content if part["type"] == "text")) + (message.refusal or "")
        out.calls = [(c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls or []]
        if got.usage:
            out.input, out.output = got.usage.prompt_tokens, got.usage.completion_tokens
        return out

    def stream(self, model):
        out, calls = Answer(), {}
        for chunk in self.client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Go on"}], stream=True, stream_options={"include_usage": True}):
            for choice in chunk.choices[:1]:
                out.text += (choice.delta.content or "") + (choice.delta.refusal or "")
                for call in choice.delta.tool_calls or []:
                    entry = calls.setdefault(call.index, ["", ""])
                    entry[0] = call.function.name or entry[0]
                    entry[1] += call.function.arguments or ""
            if chunk.usage:
                out.input, out.output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
        out.calls = [(name, json.loads(arguments or "{}")) for name, arguments in calls.values()]
        return out


class ResponsesClient:
    """openai, responses."""

    def __init__(self, yard):
        self.client = openai.OpenAI(base_url=yard.url + "/v1", api_key="any", max_retries=0, timeout=20)

    @staticmethod
    def read(response):
        out = Answer()
        for item in response.output:
            if item.type == "message":
                out.text += "".join(getattr(part, "text", None) or getattr(part, "refusal", "") for part in item.content)
            elif item.type == "function_call":
                out.calls.append((item.name, json.loads(item.arguments or "{}")))
        if response.usage:
            out.input, out.output = response.usage.input_tokens, response.usage.output_tokens
        return out

    def whole(self, model):
        return self.read(self.client.responses.create(model=model, input="Go on"))

    def stream(self, model):
        streamed, last, numbers = "", None, []
        for event in self.client.responses.create(model=model, input="Go on", stream=True):
            numbers += [event.sequence_number] if event.sequence_number is not None else []   # OpenRouter numbers none
            if event.type in ("response.output_text.delta", "response.refusal.delta"):
                streamed += event.delta
            if event.type in ("response.completed", "response.incomplete"):
                last = event.response
        assert numbers == sorted(set(numbers)), numbers
        out = self.read(last)
        assert out.text == streamed, (out.text, streamed)
        return out


class MessagesClient:
    """anthropic."""

    def __init__(self, yard):
        self.client = anthropic.Anthropic(base_url=yard.url + "/anthropic", api_key="any", max_retries=0, timeout=20)

    @staticmethod
    def read(message):
        out = Answer()
        out.text = "".join(block.text for block in message.content if block.type == "text")
        out.calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
        usage = message.usage
        out.input = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        out.output = usage.output_tokens
        return out

    def whole(self, model):
        return self.read(self.client.messages.create(model=model, max_tokens=500, messages=[{"role": "user", "content": "Go on"}]))

    def stream(self, model):
        with self.client.messages.stream(model=model, max_tokens=500, messages=[{"role": "user", "content": "Go on"}]) as stream:
            return self.read(stream.get_final_message())


class GeminiClient:
    """google-genai."""

    def __init__(self, yard):
        self.client = genai.Client(api_key="any", http_options={"base_url": yard.url + "/genai", "timeout": 20000})

    @staticmethod
    def take(response, out):
        for candidate in (response.candidates or [])[:1]:
            for part in (candidate.content and candidate.content.parts) or []:
                if part.function_call:
                    out.calls.append((part.function_call.name, dict(part.function_call.args or {})))
                elif part.text and not part.thought:
                    out.text += part.text
        usage = response.usage_metadata
        if usage:
            out.input = (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0)
            out.output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)

    def whole(self, model):
        out = Answer()
        self.take(self.client.models.generate_content(model=model, contents="Go on", config=types.GenerateContentConfig()), out)
        return out

    def stream(self, model):
        out = Answer()
        for chunk in self.client.models.generate_content_stream(model=model, contents="Go on"):
            self.take(chunk, out)
        return out


class BedrockClient:
    """boto3."""

    def __init__(self, yard):
        self.client = boto3.client("bedrock-runtime", endpoint_url=yard.url + "/bedrock", region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any",
                                   config=botocore.config.Config(retries={"max_attempts": 1}, read_timeout=20))

    @staticmethod
    def count(usage, out):
        out.input = usage["inputTokens"] + usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
        out.output = usage["outputTokens"]

    def whole(self, model):
        out, got = Answer(), self.client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "Go on"}]}])
        for block in got["output"]["message"]["content"]:
            out.text += block.get("text", "") + "".join(cited["text"] for cited in block.get("citationsContent", {}).get("content", []))
            if "toolUse" in block:
                out.calls.append((block["toolUse"]["name"], block["toolUse"]["input"]))
        self.count(got["usage"], out)
        return out

    def stream(self, model):
        out, calls = Answer(), {}
        for event in self.client.converse_stream(modelId=model, messages=[{"role": "user", "content": [{"text": "Go on"}]}])["stream"]:
            if "contentBlockStart" in event and "toolUse" in event["contentBlockStart"]["start"]:
                calls[event["contentBlockStart"]["contentBlockIndex"]] = [event["contentBlockStart"]["start"]["toolUse"]["name"], ""]
            if "contentBlockDelta" in event:
                delta = event["contentBlockDelta"]["delta"]
                out.text += delta.get("text", "")
                if "toolUse" in delta:
                    calls[event["contentBlockDelta"]["contentBlockIndex"]][1] += delta["toolUse"]["input"]
            if "metadata" in event:
                self.count(event["metadata"]["usage"], out)
        out.calls = [(name, json.loads(arguments or "{}")) for name, arguments in calls.values()]
        return out


@unittest.skipUnless(RECORDINGS, "the recorded provider traffic is not beside the checkout")
class EveryRecordingThroughEveryClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.replay = recordings.Replay(RECORDINGS)
        cls.yard = Yard(provider_config(cls.replay.url))

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.replay.stop()
        assert code == 0, code

    def hold(self, client, recording):
        got = (client.stream if recording.streamed else client.whole)(WIRES[recording.wire] + "/" + recording.model)
        says = recording.says
        self.assertEqual(got.text, says.text)
        self.assertEqual(got.calls, says.tool_calls())
        if says.input is not None:
            self.assertEqual((got.input, got.output), (says.input, says.output))

    def sweep(self, kind):
        client = kind(self.yard)
        held = 0
        for recording in RECORDINGS:
            if recording.says.failed:
                continue
            with self.subTest(recording=recording.id, wire=recording.wire):
                self.hold(client, recording)
                held += 1
        self.assertGreater(held, 340)

    def test_the_openai_client_by_chat_completions(self):
        self.sweep(ChatClient)

    def test_the_openai_client_by_responses(self):
        self.sweep(ResponsesClient)

    def test_the_anthropic_client(self):
        self.sweep(MessagesClient)

    def test_the_google_client(self):
        self.sweep(GeminiClient)

    def test_the_aws_client(self):
        self.sweep(BedrockClient)

    @unittest.skipUnless("SWITCHYARD_E2E_NODE" in os.environ, "node and npm are not installed")
    def test_the_node_clients(self):
        rows = [{"id": r.id, "model": WIRES[r.wire] + "/" + r.model, "stream": r.streamed, "text": r.says.text, "calls": r.says.tool_calls(), "input": r.says.input,
                 "output": r.says.output} for r in RECORDINGS if not r.says.failed]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as listed:
            json.dump(rows, listed)
            listed.flush()
            done = subprocess.run(["node", "--test", "recordings.test.mjs"], cwd=os.environ["SWITCHYARD_E2E_NODE"], capture_output=True, text=True, timeout=240,
                                  env={**os.environ, "SWITCHYARD_URL": self.yard.url, "SWITCHYARD_RECORDINGS": listed.name})
        self.assertEqual(done.returncode, 0, done.stdout[-20000:] + done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()

"""Recorded provider traffic, replayed: a provider whose model `rec-N` answers as recording N did, and what each recording says.

What a recording says is read here straight from the provider's bytes, by nothing of the gateway's.
"""
import base64
import http.server
import json
import pathlib
import re
import threading
import urllib.parse

DATA = pathlib.Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "provider-traffic" / "provider-traffic-public.jsonl"


# Background jobs that have only been queued, and a test server's echo.
NO_ANSWERS = {"openai_responses/test_background_mode_vcr#0", "openai_responses/test_background_mode_reasoning_vcr#0", "openai/test_text_response#0"}


def load():
    """Every recorded generation that succeeded: [Recording]. Empty when the data are not beside the checkout."""
    if not DATA.exists():
        return []
    out = []
    for number, line in enumerate(DATA.open()):
        row = json.loads(line)
        wire = wire_of(row["request"]["url"])
        if wire is not None and row["response"]["status"] == 200 and row["id"] not in NO_ANSWERS:
            out.append(Recording(number, wire, row))
    return out


def wire_of(url):
    for part, wire in (("/chat/completions", "chat"), ("/v2/chat", "cohere"), ("/responses", "responses"), ("/v1/messages", "messages"), ("enerateContent", "gemini"), ("/converse", "bedrock")):
        if part in url:
            return wire
    return None


class Recording:
    def __init__(self, number, wire, row):
        self.id = row["id"]
        self.wire = wire
        self.model = f"rec-{number}"
        response = row["response"]
        self.streamed = "json" not in response
        if "json" in response:
            self.body, self.content_type = json.dumps(response["json"]).encode(), "application/json"
        elif "text" in response:
            self.body, self.content_type = response["text"].encode(), "text/event-stream"
        else:
            self.body, self.content_type = base64.b64decode(response["base64"]), "application/vnd.amazon.eventstream"
        self.says = Says()
        read = {"chat": read_chat, "responses": read_responses, "messages": read_messages, "gemini": read_gemini, "bedrock": read_bedrock, "cohere": read_cohere}[wire]
        for event in self._events():
            read(event, self.says)

    def _events(self):
        """The whole answer as one event, or the stream's."""
        if not self.streamed:
            return [json.loads(self.body)]
        if self.wire == "bedrock":
            from botocore.eventstream import EventStreamBuffer
            buffer = EventStreamBuffer()
            buffer.add_data(self.body)
            return [{event.headers[":event-type"]: json.loads(event.payload)} for event in buffer]
        out = []
        for block in re.split(r"\r?\n\r?\n", self.body.decode()):
            data = "\n".join(line[5:].lstrip(" ") for line in block.splitlines() if line.startswith("data:"))
            if data and data != "[DONE]":
                out.append(json.loads(data))
        return out


class Says:
    """What an answer comes to, whatever its format."""

    def __init__(self):
        self.text = ""
        self.calls = {}            # any key -> [name, arguments as text]
        self.input = self.output = None
        self.failed = False        # the recording is of a failure inside a 200

    def call(self, where, name=None, arguments=""):
        entry = self.calls.setdefault(where, ["", ""])
        entry[0] = name or entry[0]
        entry[1] += arguments

    def tool_calls(self):
        return [(name, json.loads(arguments or "{}")) for name, arguments in self.calls.values()]


def read_chat(event, says):
    if event.get("error"):
        says.failed = True
    for choice in event.get("choices") or []:
        if choice.get("index", 0) != 0:
            continue
        part = choice.get("delta") or choice.get("message") or {}
        content = part.get("content") or ""
        says.text += content if isinstance(content, str) else "".join(p.get("text", "") for p in content if p.get("type") == "text")
        says.text += part.get("refusal") or ""
        for n, call in enumerate(part.get("tool_calls") or []):
            says.call(call.get("index", n), call["function"].get("name"), call["function"].get("arguments") or "")
    usage = event.get("usage")   # Groq's streams have it elsewhere
    if usage:
        says.input, says.output = usage.get("prompt_tokens"), usage.get("completion_tokens")


def read_responses(event, says):
    kind = event.get("type", "")
    if kind.startswith("response.") and kind not in ("response.completed", "response.incomplete"):
        says.failed |= kind == "response.failed"
        return
    whole = event.get("response", event)
    if whole.get("error") or kind == "error":
        says.failed = True
    for item in whole.get("output") or []:
        if item["type"] == "message":
            says.text += "".join(p.get("text") or p.get("refusal") or "" for p in item["content"])
        elif item["type"] == "function_call":
            says.call(item.get("call_id"), item["name"], item["arguments"])
    if whole.get("usage"):
        says.input, says.output = whole["usage"]["input_tokens"], whole["usage"]["output_tokens"]


def anthropic_input(usage):
    return usage["input_tokens"] + (usage.get("cache_read_input_tokens") or 0) + (usage.get("cache_creation_input_tokens") or 0)


def read_messages(event, says):
    kind = event.get("type")
    if kind == "error":
        says.failed = True
    elif kind == "message":
        for n, block in enumerate(event["content"]):
            if block["type"] == "text":
                says.text += block["text"]
            elif block["type"] == "tool_use":
                says.call(n, block["name"], json.dumps(block["input"]))
        says.input, says.output = anthropic_input(event["usage"]), event["usage"]["output_tokens"]
    elif kind == "message_start":
        says.input, says.output = anthropic_input(event["message"]["usage"]), event["message"]["usage"]["output_tokens"]
    elif kind == "content_block_start" and event["content_block"]["type"] == "tool_use":
        says.call(event["index"], event["content_block"]["name"])
    elif kind == "content_block_delta":
        delta = event["delta"]
        if delta["type"] == "text_delta":
            says.text += delta["text"]
        elif delta["type"] == "input_json_delta" and event["index"] in says.calls:
            says.call(event["index"], None, delta["partial_json"])
    elif kind == "message_delta":
        usage = event["usage"]
        says.output = usage["output_tokens"]
        if usage.get("input_tokens") is not None:
            says.input = anthropic_input(usage)


def read_gemini(event, says):
    for candidate in (event.get("candidates") or [])[:1]:
        for part in (candidate.get("content") or {}).get("parts") or []:
            if "functionCall" in part:
                says.call(len(says.calls), part["functionCall"]["name"], json.dumps(part["functionCall"].get("args") or {}))
            elif not part.get("thought"):
                says.text += part.get("text", "")
    usage = event.get("usageMetadata") or {}
    if "promptTokenCount" in usage:
        says.input = usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0)
    if usage:
        says.output = usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)


def read_cohere(answer, says):   # whole ones: no stream of theirs is recorded
    says.text = "".join(part.get("text", "") for part in answer["message"].get("content") or [])
    for call in answer["message"].get("tool_calls") or []:
        says.call(call["id"], call["function"]["name"], call["function"]["arguments"])
    billed = answer["usage"]["billed_units"]
    says.input, says.output = billed["input_tokens"], billed["output_tokens"]


def read_bedrock(event, says):
    if "output" in event:
        for n, block in enumerate(event["output"]["message"]["content"]):
            says.text += block.get("text", "")
            if "toolUse" in block:
                says.call(n, block["toolUse"]["name"], json.dumps(block["toolUse"]["input"]))
    elif "contentBlockStart" in event and "toolUse" in event["contentBlockStart"]["start"]:
        says.call(event["contentBlockStart"]["contentBlockIndex"], event["contentBlockStart"]["start"]["toolUse"]["name"])
    elif "contentBlockDelta" in event:
        delta = event["contentBlockDelta"]["delta"]
        says.text += delta.get("text", "")
        if "toolUse" in delta:
            says.call(event["contentBlockDelta"]["contentBlockIndex"], None, delta["toolUse"]["input"])
    usage = event.get("usage") or event.get("metadata", {}).get("usage")
    if usage:
        says.input = usage["inputTokens"] + (usage.get("cacheReadInputTokens") or 0) + (usage.get("cacheWriteInputTokens") or 0)
        says.output = usage["outputTokens"]


class Replay:
    """A provider in all wire formats; the model's name says which recording."""

    def __init__(self, recordings):
        answers = {recording.model: recording for recording in recordings}
        seen = self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                path = urllib.parse.unquote(self.path)
                found = re.search(r"rec-\d+", path) or re.search(r"rec-\d+", json.loads(body).get("model", ""))
                recording = answers[found.group(0)]
                seen.append((path, body))
                self.send_response(200)
                self.send_header("content-type", recording.content_type)
                self.send_header("content-length", str(len(recording.body)))
                self.end_headers()
                self.wfile.write(recording.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

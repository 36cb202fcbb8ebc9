"""Makes the first inputs of every fuzz target from tests/golden: python3 tests/fuzz/make_seeds.py FOLDER. The corpus was grown from these."""
import pathlib
import struct
import sys

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
ROOT = GOLDEN.parents[1]
OUT = pathlib.Path(sys.argv[1])
LONGEST = 6000
CUTS = bytes([3, 0, 30, 200])   # a length and three piece sizes

count = 0


def write(target, *pieces):
    global count
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{count:04}").write_bytes(b"".join(pieces)[:LONGEST])
    count += 1


def golden(folder, *patterns):
    for pattern in patterns:
        for path in sorted((GOLDEN / folder).glob(pattern)):
            yield path.name, path.read_bytes()


def frames(stream):
    """(event type, payload) of a binary event stream."""
    while len(stream) >= 16:
        total, headers = struct.unpack(">II", stream[:8])
        block, kind = stream[12:12 + headers], b""
        while block:
            size = block[0]
            name, rest = block[1:1 + size], block[2 + size:]
            length = struct.unpack(">H", rest[:2])[0]
            if name == b":event-type":
                kind = rest[2:2 + length]
            block = rest[2 + length:]
        yield kind.decode(), stream[12 + headers:total - 4]
        stream = stream[total:]


TYPES = ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "throttlingException", "somethingNew"]


def lines(stream):
    return b"".join(bytes([TYPES.index(kind)]) + payload.replace(b"\n", b" ") + b"\n" for kind, payload in frames(stream))


# provider numbers of fuzz_target.hpp, stream formats of stream_fuzz.cpp
PROVIDER = {"chat": 0, "responses": 1, "anthropic": 2, "gemini": 3, "bedrock": 4, "cohere": 6}
STREAM = {"chat": 0, "responses": 1, "anthropic": 3, "gemini": 4, "bedrock": 5}
streams = []
for folder in ("openai", "anthropic", "gemini"):
    for name, text in golden(folder, "*.sse"):
        streams.append((folder if folder != "openai" else "responses" if "responses" in name else "chat", text))
for kind, text in streams:
    write("splitter", b"\0", CUTS, text)
    write("stream", bytes([STREAM[kind]]), CUTS, text)
    for client in range(8):
        write("translation", bytes([PROVIDER[kind], client]), CUTS, text)
for name, text in golden("bedrock", "*.eventstream"):
    write("splitter", b"\3", CUTS, text)
    write("stream", bytes([STREAM["bedrock"]]), CUTS, text)
    write("stream", bytes([64 + STREAM["bedrock"]]), CUTS, lines(text))
    for client in range(8):
        write("translation", bytes([128 + 4, client]), CUTS, lines(text))

def cohere_events(*events):   # none are recorded
    return "".join(f'event: {kind}\ndata: {{"type":"{kind}",{members}}}\n\n' for kind, members in events).encode()


BILLED = '"usage":{"billed_units":{"input_tokens":7,"output_tokens":9},"tokens":{"input_tokens":500,"output_tokens":12}}'
cohere_streams = [
    cohere_events(("message-start", '"id":"c1","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}'),
                  ("content-start", '"index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}'), ("content-delta", '"index":0,"delta":{"message":{"content":{"thinking":"Hm"}}}'),
                  ("content-end", '"index":0'), ("content-start", '"index":1,"delta":{"message":{"content":{"type":"text","text":""}}}'),
                  ("content-delta", '"index":1,"delta":{"message":{"content":{"text":"Rain in Oslo"}}}'), ("content-end", '"index":1'),
                  ("citation-start", '"index":0,"delta":{"message":{"citations":{"start":0,"end":4,"text":"Rain","sources":[{"type":"document","id":"d0","document":{"url":"https://x/y","title":"t"}}]}}}'),
                  ("citation-end", '"index":0'), ("message-end", '"delta":{"finish_reason":"COMPLETE",' + BILLED + "}")),
    cohere_events(("message-start", '"id":"c2","delta":{"message":{"role":"assistant"}}'), ("tool-plan-delta", '"delta":{"message":{"tool_plan":"I will look."}}'),
                  ("tool-call-start", '"index":0,"delta":{"message":{"tool_calls":{"id":"f_1","type":"function","function":{"name":"f","arguments":""}}}}'),
                  ("tool-call-delta", '"index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\\"a\\":"}}}}'),
                  ("tool-call-delta", '"index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"1}"}}}}'), ("tool-call-end", '"index":0'),
                  ("tool-call-start", '"index":1,"delta":{"message":{"tool_calls":{"id":"apply_2","type":"function","function":{"name":"apply","arguments":"{}"}}}}'), ("tool-call-end", '"index":1'),
                  ("message-end", '"delta":{"finish_reason":"TOOL_CALL",' + BILLED + "}")),
    cohere_events(("message-start", '"id":"c3"'), ("content-delta", '"index":0,"delta":{"message":{"content":{"text":"a"}}}'),
                  ("message-end", '"delta":{"error":"no more, key hunter2!","finish_reason":"ERROR"}')),
]
for text in cohere_streams:
    for client in range(8):
        write("translation", bytes([PROVIDER["cohere"], client]), CUTS, text)

answers = []
for folder in ("openai", "anthropic", "gemini", "bedrock", "cohere"):
    for name, text in golden(folder, "*.json"):
        if "request" in name:
            continue
        kind = folder if folder != "openai" else "responses" if "response" in name and "openrouter" not in name else "chat"
        provider = PROVIDER[kind]
        if "error" in name:
            write("answer", bytes([provider, 0, 0, 1, 0x90, 2]), b"17", text)
        elif "embeddings" in name:
            write("answer", bytes([provider, 0, 2]), text)
            write("answer", bytes([192, 0, 1]), text)
        else:
            write("answer", bytes([provider, 0, 1]), text)
            for client in range(8):
                write("answer", bytes([provider, client, 3]), text)
        write("json", text)

# operations of request_fuzz.cpp
OPERATION = {"chat": 0, "responses": 1, "completions": 2, "embeddings": 3, "anthropic": 4, "count": 5, "gemini": 6, "gemini_count": 7, "embed": 8, "batch": 9, "bedrock": 10}
requests = [("chat", text) for _, text in golden("openai", "*request*.json")]
requests += [(folder, text) for folder in ("anthropic", "gemini", "bedrock") for _, text in golden(folder, "*request*.json")]
requests += [
    ("chat", b'{"model":"openai/gpt-4o","fallbacks":["a/b"],"stream":true,"stream_options":{"include_usage":true},"n":2,"seed":1,"stop":["x"],"top_p":0.5,"logprobs":true,'
             b'"top_logprobs":2,"logit_bias":{"1":2},"user":"u","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"},"strict":true}},'
             b'"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":["string","null"]}}},"strict":true}}],"tool_choice":'
             b'{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,"messages":[{"role":"system","content":"s"},{"role":"user","name":"n","content":[{"type":"text",'
             b'"text":"t"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}},'
             b'{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"f.pdf"}}]},{"role":"assistant","content":null,"reasoning_content":"r","tool_calls":'
             b'[{"id":"c","type":"function","function":{"name":"f","arguments":"{\\"a\\":1}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}]}'),
    ("responses", b'{"model":"m","instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"t"},{"type":"input_image","image_url":"https://x/y.png"},'
                  b'{"type":"input_file","file_id":"file-1"}]},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"AAAA"},'
                  b'{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"o"},{"type":"custom_tool_call",'
                  b'"call_id":"d","name":"apply","input":"x"},{"type":"custom_tool_call_output","call_id":"d","output":"y"}],"tools":[{"type":"custom","name":"apply"},'
                  b'{"type":"web_search"},{"type":"local_shell"},{"type":"function","name":"f","parameters":{}}],"text":{"format":{"type":"json_object"},"verbosity":"low"},'
                  b'"reasoning":{"effort":"low","summary":"auto"},"max_output_tokens":9,"store":false,"include":["reasoning.encrypted_content"],"tool_choice":"required"}'),
    ("completions", b'{"model":"m","prompt":["a","b"],"max_tokens":5,"suffix":"s","echo":true,"logprobs":3}'),
    ("embeddings", b'{"model":"m","input":["a",[1,2,3]],"dimensions":8,"encoding_format":"base64"}'),
    ("anthropic", b'{"model":"m","max_tokens":9,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"thinking":{"type":"enabled","budget_tokens":1024},'
                  b'"metadata":{"user_id":"u"},"stop_sequences":["x"],"top_k":3,"tool_choice":{"type":"any","disable_parallel_tool_use":true},"tools":[{"name":"f","input_schema":'
                  b'{"type":"object"}},{"type":"web_search_20250305","name":"web_search"}],"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64",'
                  b'"media_type":"image/png","data":"AAAA"}},{"type":"document","source":{"type":"url","url":"https://x/y.pdf"},"citations":{"enabled":true}}]},{"role":"assistant",'
                  b'"content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"tool_use","id":"c","name":"f","input":{}}]},'
                  b'{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","is_error":true,"content":[{"type":"text","text":"r"}]}]}]}'),
    ("gemini", b'{"contents":[{"role":"user","parts":[{"text":"t"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"fileData":{"fileUri":"https://x/y","mimeType":"video/mp4"}}]},'
               b'{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"s"}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}}]}],'
               b'"systemInstruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT"}}]},{"googleSearch":{}}],"toolConfig":'
               b'{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"safetySettings":[{}],"generationConfig":{"temperature":1,"topK":3,"candidateCount":2,'
               b'"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"},"thinkingConfig":{"thinkingBudget":100,"includeThoughts":true},"stopSequences":["x"],"seed":4}}'),
    ("embed", b'{"content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8}'),
    ("batch", b'{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}'),
    ("bedrock", b'{"messages":[{"role":"user","content":[{"text":"t"},{"image":{"format":"png","source":{"bytes":"AAAA"}}},{"document":{"format":"pdf","name":"d","source":{"bytes":"AA"}}},'
                b'{"cachePoint":{"type":"default"}}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"r","signature":"s"}}},{"toolUse":{"toolUseId":"c",'
                b'"name":"f","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"c","status":"error","content":[{"json":{"a":1}}]}}]}],"system":[{"text":"s"}],'
                b'"inferenceConfig":{"maxTokens":9,"temperature":0.5,"topP":0.5,"stopSequences":["x"]},"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{}}}}],'
                b'"toolChoice":{"any":{}}},"additionalModelRequestFields":{"top_k":5},"requestMetadata":{"a":"b"},"guardrailConfig":{}}')]
for text in ('{"id":"e","embeddings":{"float":[[0.5,-1e-3],[1,0]]},"meta":{"billed_units":{"input_tokens":4}}}', '{"embeddings":[[1]]}', '{"message":"texts must be strings, hunter2!"}'):
    write("answer", bytes([PROVIDER["cohere"], 0, 2]), text.encode())
write("answer", bytes([PROVIDER["cohere"], 0, 0, 1, 0x90, 1]), b"9", b'{"id":"x","message":"unknown field: parameter \'x\' is not a valid field, api token hunter2!"}')
for kind, text in requests:
    for provider in range(7):
        write("request", bytes([OPERATION[kind], provider]), text)
    write("json", text)
for kind in ("count", "gemini_count"):
    write("request", bytes([OPERATION[kind], 2]), next(text for name, text in requests if name == {"count": "anthropic", "gemini_count": "gemini"}[kind]))

for name, value in [("x-ratelimit-remaining-requests-day", "0"), ("x-ratelimit-reset-tokens", "1m2.5s"), ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
                    ("anthropic-ratelimit-input-tokens-reset", "2026-01-01T00:00:00Z"), ("ratelimit-reset", "1790000100"), ("retry-after-ms", "120.5")]:
    write("head", b"\0", bytes([len(name)]), name.encode(), value.encode())
for path, query in [("/openai/v1/chat/completions", ""), ("/genai/v1beta/models/gemini-2.5-flash:streamGenerateContent", "alt=sse&api_base=x"),
                    ("/bedrock/model/anthropic.claude%3A0/converse-stream", ""), ("/v1/messages/count_tokens", "beta=true"), ("x-portkey-custom-host", "https://x")]:
    write("head", b"\1", bytes([len(path)]), path.encode(), query.encode())
for text in ['{"error":"key sk-abcdefghijklmnopqrstuvwx, Bearer hunter2! api_key=\\"x\\" token: eyJhbGciOi.eyJzdWIi.abc"}', "AKIAIOSFODNN7EXAMPLE AIzaSyA0123456789"]:
    write("head", b"\2\x08hunter2!", text.encode())

write("config", b'{"providers":{"openai":{"keys":[{"name":"k","value":"env.A","weight":0.7,"models":["m"]}]}},"routes":[{"name":"r","stages":[{"balance":{"targets":["openai/m"]}}]}]}')
example = (ROOT / "config/example.yaml").read_bytes()
for begin in range(0, len(example), 3000):
    write("config", example[begin:begin + 3000])
write("config", b"server: {listen: 127.0.0.1:0, threads: 2}\nproviders:\n  bedrock: &a\n    keys: [{name: a, access_key_id: env.A, secret_access_key: env.B, region: us-east-1}]\n  x: *a\n")

text = lambda value: bytes([0xa0 + len(value)]) + value
party = b"".join(map(text, (b"auto", b"openai", b"gpt-4o", b"key-1", b"team"))) + b"\x92" + text(b"a") + text(b"b")
row = b"\xdc\x00\x13\x01\xc4\x10" + bytes(range(16)) + b"\x01\x03\xcf\x00\x06\x00\x00\x00\x00\x00\x00" + party + b"\x05\x06\x01\xc0\x00\x00" + text(b"bypass") + b"\xc4\x10" + bytes(16)
write("ledger", b"\x80", bytes([18]), bytes(7) + b"\x01" + bytes(7) + b"\x02yd", row)
write("ledger", b"\x81", bytes([17]), bytes(range(16)) + b"\x01", b"\x9a\x01\x05" + party + b"\x05\xcd\x01\x00")

KINDS = [2, 3, 10, 11, 20, 21, 30, 31, 32, 33, 34, 40, 41, 50, 51, 52, 53, 54, 57, 58, 60, 61, 70, 71, 80, 81, 82]   # as in peer_fuzz.cpp
for line in (GOLDEN / "cluster/v1.txt").read_text().splitlines():
    name, kind, body = line.split()
    kind, body = int(kind), bytes.fromhex(body)
    packed = bytes([0xc4, len(body)]) if len(body) < 256 else b"\xc5" + struct.pack(">H", len(body))
    write("peer", b"\0\x93\x01", bytes([kind]), packed + body)
    if kind in KINDS:
        write("peer", b"\1", bytes([KINDS.index(kind)]), body)
print(count, "inputs")

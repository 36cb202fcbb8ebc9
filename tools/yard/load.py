"""A small HTTP/1.1 load client on raw asyncio streams: many keep-alive connections, few allocations."""
import asyncio
import collections
import json


def chat_body(prompt="Hello", model="small", **more):
    return json.dumps({"model": model, "messages": [{"role": "user", "content": prompt}], **more}).encode()


def request_bytes(body, path="/v1/chat/completions", headers=()):
    lines = [f"POST {path} HTTP/1.1", "host: yard", "content-type: application/json", f"content-length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def read_head(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(lines[0].split(" ")[1]), headers


async def read_answer(reader):
    status, headers = await read_head(reader)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while True:
            size = int(await reader.readuntil(b"\r\n"), 16)
            piece = await reader.readexactly(size + 2)
            if size == 0:
                break
            body += piece[:-2]
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return status, headers, body


class Load:
    """Requests over `connections` keep-alive connections until `total` are done or stop is set."""

    def __init__(self, endpoint, body=None, connections=16, headers=()):
        self.endpoint = endpoint
        self.request = request_bytes(body or chat_body(), headers=headers)
        self.connections = connections
        self.statuses = collections.Counter()
        self.by_key = collections.Counter()
        self.failures = []
        self.stop = asyncio.Event()

    async def _worker(self, share):
        reader = writer = None
        while share is None or share > 0:
            if self.stop.is_set():
                break
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection(*self.endpoint)
                writer.write(self.request)
                status, headers, body = await asyncio.wait_for(read_answer(reader), 30)
                self.statuses[status] += 1
                self.by_key[headers.get("x-switchyard-key")] += 1
                if status != 200 and len(self.failures) < 20:
                    self.failures.append((status, body[:300]))
                if headers.get("connection") == "close":
                    writer.close()
                    writer = None
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as broken:
                self.statuses["broken"] += 1
                self.failures.append(repr(broken))
                if writer:
                    writer.close()
                writer = None
            if share is not None:
                share -= 1
        if writer:
            writer.close()

    async def run(self, total=None):
        shares = [None if total is None else total // self.connections + (i < total % self.connections) for i in range(self.connections)]
        await asyncio.gather(*(self._worker(share) for share in shares))
        return self

    @property
    def sent(self):
        return sum(self.statuses.values())

    @property
    def failed(self):
        return self.sent - self.statuses[200]

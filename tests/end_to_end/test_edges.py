"""Malformed and hostile HTTP: a 400-class answer or a closed connection, and the node goes on."""
import re
import json
import socket
import time
import unittest

from load import chat_body, request_bytes
from yard import Sim, Yard, http, key, provider

BODY = chat_body()
POST = b"POST /v1/chat/completions HTTP/1.1\r\n"
HOST = b"Host: yard\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)

REFUSED = {
    "no host": POST + LENGTH + b"\r\n" + BODY,
    "two hosts": POST + HOST + HOST + LENGTH + b"\r\n" + BODY,
    "a host with a path": POST + b"Host: a/?x#\r\n" + LENGTH + b"\r\n" + BODY,
    "an empty method": b" /v1/models HTTP/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /v1/models\r\n" + HOST + b"\r\n",
    "version 1.2.3": b"GET /v1/models HTTP/1.2.3\r\n" + HOST + b"\r\n",
    "length and chunked": POST + HOST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": POST + HOST + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n0\r\n\r\n",
    "two lengths": POST + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "two equal lengths in one": POST + HOST + b"Content-Length: 5, 6\r\n\r\nhello!",
    "a negative length": POST + HOST + b"Content-Length: -1\r\n\r\n",
    "a signed length": POST + HOST + b"Content-Length: +5\r\n\r\nhello",
    "a huge length": POST + HOST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a hexadecimal length": POST + HOST + b"Content-Length: 0x5\r\n\r\nhello",
    "transfer-encoding gzip": POST + HOST + b"Transfer-Encoding: gzip\r\n\r\n",
    "transfer-encoding gzip with a length": POST + HOST + LENGTH + b"Transfer-Encoding: gzip\r\n\r\n" + BODY,
    "transfer-encoding identity": POST + HOST + LENGTH + b"Transfer-Encoding: identity\r\n\r\n" + BODY,
    "transfer-encoding xchunked": POST + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, gzip": POST + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"POST /v1/chat/completions HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a quoted encoding": POST + HOST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a space before the colon": POST + HOST + b"Content-Length : 5\r\n\r\nhello",
    "a folded line": POST + HOST + b"X-A: 1\r\n folded\r\n" + LENGTH + b"\r\n" + BODY,
    "a bare carriage return": POST + HOST + b"X-A: 1\rX-B: 2\r\n" + LENGTH + b"\r\n" + BODY,
    "a zero byte in a value": POST + HOST + b"X-A: 1\x002\r\n" + LENGTH + b"\r\n" + BODY,
    "a byte over 127 in the target": b"GET /v1/models\x80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": b"GET /v1/mo dels HTTP/1.1\r\n" + HOST + b"\r\n",
    "a nameless header": POST + HOST + b": x\r\n" + LENGTH + b"\r\n" + BODY,
    "a bad chunk size": POST + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "a chunk size over 64 bits": POST + HOST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than it says": POST + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100c8010000c40303") + b"\x00" * 100 + b"\r\n\r\n",
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "garbage": b"\x00\x01\x02\x03\xff\xfe" * 30 + b"\r\n\r\n",
}


class Edges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.yard = Yard({"server": {"header_timeout": "1s"}, "providers": {"openai": provider(cls.sim.url, key("one"))}})

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.sim.stop()
        assert code == 0, code

    def tearDown(self):
        self.assertTrue(self.yard.process.alive())
        self.assertEqual(self.yard.chat()[0], 200)

    def exchange(self, sent, seconds=4):
        """All bytes until the server closes."""
        with socket.create_connection(self.yard.endpoint, timeout=seconds) as raw:
            got = b""
            try:
                raw.sendall(sent)
                while piece := raw.recv(65536):
                    got += piece
            except (ConnectionResetError, BrokenPipeError):
                pass
            return got

    def test_malformed_and_smuggling_requests_are_refused_and_the_connection_is_closed(self):
        before = self.sim.requests()
        for name, sent in REFUSED.items():
            with self.subTest(name):
                smuggled = sent + b"GET /smuggled HTTP/1.1\r\nHost: yard\r\n\r\n"
                got = self.exchange(smuggled)
                self.assertRegex(got, rb"^HTTP/1\.[01] (400|413|431|501|505) ", name)
                self.assertEqual(len(re.findall(rb"HTTP/1\.[01] \d\d\d", got)), 1, "answered what was smuggled")
        self.assertEqual(self.sim.requests(), before)

    def test_right_requests_in_unusual_form_are_served(self):
        chunked = POST + HOST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + b"".join(b"%x\r\n%c\r\n" % (1, c) for c in BODY) + b"0\r\n\r\n"
        slow = POST + b"hOsT:yard\r\nCONTENT-length:" + str(len(BODY)).encode() + b"\r\nconnection: close\r\n\r\n" + BODY
        old = b"POST /v1/chat/completions HTTP/1.0\r\n" + HOST + LENGTH + b"\r\n" + BODY
        continued = POST + HOST + LENGTH + b"Expect: 100-continue\r\nConnection: close\r\n\r\n" + BODY
        for sent in (chunked, slow, old, continued):
            self.assertIn(b" 200 ", self.exchange(sent))

    def test_a_request_in_pieces_of_one_byte_is_served(self):
        with socket.create_connection(self.yard.endpoint, timeout=5) as raw:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request_bytes(BODY):
                raw.send(bytes([byte]))
            self.assertIn(b" 200 ", raw.recv(65536))

    def test_too_large_heads_are_431(self):
        for sent in (POST + HOST + b"X-Long: " + b"a" * 20_000 + b"\r\n\r\n", POST + HOST + b"".join(b"X-%d: 1\r\n" % i for i in range(10_000)) + b"\r\n",
                     b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"):
            self.assertRegex(self.exchange(sent), rb"^HTTP/1\.1 4(31|14|00) |^$")

    def test_a_head_that_does_not_end_is_cut_in_time(self):
        start = time.monotonic()
        with socket.create_connection(self.yard.endpoint, timeout=6) as raw:
            raw.sendall(POST + HOST)
            got = raw.recv(65536)
        self.assertLess(time.monotonic() - start, 3)
        self.assertTrue(got == b"" or b" 408 " in got, got)

    def test_slow_heads_do_not_disturb_others(self):
        slow = []
        for _ in range(500):
            raw = socket.create_connection(self.yard.endpoint)
            raw.sendall(b"POST /v1/chat")
            slow.append(raw)
        start = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.yard.chat()[0], 200)
        self.assertLess(time.monotonic() - start, 2)
        for raw in slow:
            raw.close()

    def test_hostile_json_is_refused_quickly_and_cheaply(self):
        before = self.yard.process.rss_kib()
        deep = b'{"model":"small","messages":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
        bodies = {"deep": deep, "deep objects": b'{"a":' * 200_000, "invalid utf-8": b'{"model":"small","messages":[{"role":"user","content":"\xff\xfe"}]}',
                  "two models": b'{"model":"small","model":"large","messages":[{"role":"user","content":"x"}]}', "trailing": BODY + b"x", "NaN": b'{"model":NaN}',
                  "zero bytes": b"\x00" * 1000}
        for name, body in bodies.items():
            with self.subTest(name):
                start = time.monotonic()
                status, _, answer = http("POST", self.yard.url + "/v1/chat/completions", body)
                self.assertEqual(status, 400)
                self.assertIn("error", json.loads(answer))
                self.assertLess(time.monotonic() - start, 0.5)
        self.assertLess(self.yard.process.rss_kib() - before, 40 * 1024)

    def test_unknown_paths_and_methods_get_typed_errors(self):
        for method, path, statuses in (("GET", "/nothing", (404,)), ("GET", "/v1/chat/completions", (404, 405)), ("DELETE", "/v1/models", (404, 405)),
                                       ("POST", "//admin/v1/status", (404,)), ("GET", "/admin/v1/status", (404,)), ("GET", "/%2e%2e/admin/v1/status", (400, 404)),
                                       ("GET", "/metrics", (404,))):
            with self.subTest(path):
                status, _, body = http(method, self.yard.url + path)
                self.assertIn(status, statuses)
                self.assertIn("error", json.loads(body))


if __name__ == "__main__":
    unittest.main()

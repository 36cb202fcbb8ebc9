"""Streams flow through without being held, cancelled at once when the client leaves, and cost no memory."""
import asyncio
import socket
import time
import unittest

from load import chat_body, read_answer, read_head, request_bytes
from yard import Sim, Yard, key, provider, wait_until

STREAM = request_bytes(chat_body("A long story", stream=True, min_tokens=3000))


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.yard = Yard({"providers": {"openai": provider(cls.sim.url, key("one"))}})

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.sim.stop()
        assert code == 0, code

    def tearDown(self):
        self.sim.reset()

    def test_events_arrive_as_they_are_made(self):
        self.sim.pace(tokens_per_second=50)
        with socket.create_connection(self.yard.endpoint) as raw:
            raw.sendall(request_bytes(chat_body("A story", stream=True, max_tokens=25)))
            times = []
            while not times or b"[DONE]" not in piece:
                piece = raw.recv(65536)
                self.assertTrue(piece)
                times.append(time.monotonic())
        self.assertGreater(len(times), 15)
        self.assertGreater(times[-1] - times[0], 0.3)

    def leave(self, request, after):
        """Seconds from the client's leaving until the provider saw it."""
        before = self.sim.total()["aborted"]
        raw = socket.create_connection(self.yard.endpoint)
        raw.sendall(request)
        if after == "bytes":
            raw.recv(4096)
        else:
            wait_until(lambda: self.sim.total()["in_flight"] == 1, 5, "provider is working")
        raw.close()
        return wait_until(lambda: self.sim.total()["aborted"] == before + 1, 5, "provider was cancelled")

    def test_a_client_that_leaves_cancels_the_provider_within_250_ms(self):
        self.sim.pace(latency_ms=5000, tokens_per_second=100)
        for stream in (True, False):
            with self.subTest(stream=stream, when="before the first token"):
                self.assertLessEqual(self.leave(request_bytes(chat_body(stream=stream)), "sent"), 0.25)
        self.sim.pace(tokens_per_second=100)
        with self.subTest("in mid-stream"):
            self.assertLessEqual(self.leave(STREAM, "bytes"), 0.25)

    def test_a_slow_reader_holds_the_provider_back_and_costs_no_memory(self):
        raw = socket.create_connection(self.yard.endpoint)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        before = self.yard.process.rss_kib()
        raw.sendall(request_bytes(chat_body("A very long story", stream=True, min_tokens=150_000), headers=("connection: close",)))
        time.sleep(2.5)
        self.assertLess(self.yard.process.rss_kib() - before, 6 * 1024)
        self.assertEqual(self.sim.total()["in_flight"], 1)
        raw.settimeout(20)
        size, tail = 0, b""
        while piece := raw.recv(1 << 20):
            size += len(piece)
            tail = (tail + piece)[-64:]
        raw.close()
        self.assertGreater(size, 20_000_000)
        self.assertIn(b"[DONE]", tail)
        self.assertLess(self.yard.process.rss_kib() - before, 6 * 1024)

    def test_a_line_without_an_end_is_capped(self):
        self.sim.faults({"kind": "endless_line", "bytes": 300_000_000})
        before = self.yard.process.rss_kib()
        raw = socket.create_connection(self.yard.endpoint)
        raw.sendall(STREAM)
        raw.settimeout(1.5)
        try:
            while raw.recv(1 << 20):
                pass
        except TimeoutError:
            pass
        raw.close()
        self.assertLess(self.yard.process.rss_kib() - before, 32 * 1024)
        wait_until(lambda: self.sim.total()["in_flight"] == 0, 5, "provider was cancelled")

    def test_aborted_streams_leave_no_memory_and_no_descriptors(self):
        self.sim.pace(tokens_per_second=2000)

        async def abort_many(count):
            gate = asyncio.Semaphore(32)

            async def one():
                async with gate:
                    reader, writer = await asyncio.open_connection(*self.yard.endpoint)
                    writer.write(STREAM)
                    await reader.read(2000)
                    writer.transport.abort()
            await asyncio.gather(*(one() for _ in range(count)))
        asyncio.run(abort_many(300))
        wait_until(lambda: self.sim.total()["in_flight"] == 0, 10, "all were cancelled")
        wait_until(lambda: self.yard.process.descriptors() < 100, 10, "descriptors are closed")
        memory, descriptors = self.yard.process.rss_kib(), self.yard.process.descriptors()
        asyncio.run(abort_many(2000))
        wait_until(lambda: self.sim.total()["in_flight"] == 0, 10, "all were cancelled")
        wait_until(lambda: self.yard.process.descriptors() <= descriptors + 4, 10, "descriptors are closed")
        self.assertLess(self.yard.process.rss_kib() - memory, 3 * 1024)

    def test_pipelined_requests_are_answered_in_order(self):
        async def pipeline():
            reader, writer = await asyncio.open_connection(*self.yard.endpoint)
            for i in range(20):
                writer.write(request_bytes(chat_body(f"number{i:03} please", stream=i % 3 == 0)))
            for i in range(20):
                status, _, body = await read_answer(reader)
                self.assertEqual(status, 200)
                text = b"".join(part.split(b'"')[0] for part in body.replace(b'\\"', b"'").split(b'"content":"')[1:])
                self.assertIn(f"number{i:03}".encode(), text)
            writer.close()
        asyncio.run(pipeline())


class Capacity(unittest.TestCase):
    def test_5000_idle_connections_and_500_streams_need_no_more_threads(self):
        sim = Sim()
        sim.pace(tokens_per_second=10)
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))}})
        request = request_bytes(chat_body("A story", stream=True, max_tokens=25, min_tokens=25))

        async def scenario():
            threads = yard.process.threads()
            idle = []
            for _ in range(50):
                idle += await asyncio.gather(*(asyncio.open_connection(*yard.endpoint) for _ in range(100)))

            async def stream():
                reader, writer = await asyncio.open_connection(*yard.endpoint)
                writer.write(request)
                status, _ = await read_head(reader)
                got = await reader.readuntil(b"0\r\n\r\n")
                writer.close()
                return status == 200 and b"[DONE]" in got
            start = time.monotonic()
            running = [asyncio.create_task(stream()) for _ in range(500)]
            await asyncio.sleep(1.2)
            self.assertEqual(yard.process.threads(), threads)
            self.assertGreaterEqual(yard.process.descriptors(), 5900)
            self.assertEqual(all(await asyncio.gather(*running)), True)
            took = time.monotonic() - start
            # every idle connection still works
            sim.pace()
            for reader, writer in idle[::100]:
                writer.write(request_bytes(chat_body("still here")))
                self.assertEqual((await read_answer(reader))[0], 200)
            for _, writer in idle:
                writer.transport.abort()
            return took
        try:
            took = asyncio.run(scenario())
            self.assertLess(took, 8, "500 streams of 2.5 s ran at the same time")
            self.assertLess(yard.process.rss_kib(), 150 * 1024)
        finally:
            code = yard.stop()
            sim.stop()
        self.assertEqual(code, 0)


if __name__ == "__main__":
    unittest.main()

"""A steady flow of requests to several endpoints, and what became of each."""
import collections
import http.client
import json
import threading
import time

Ended = collections.namedtuple("Ended", "at took endpoint status key request_id")   # status 0: the connection broke


class Flow:
    """`rate` requests a second in all, spread over `endpoints` in turn (or by `shares`), each on a thread with keep-alive connections of its own.
    Open loop: a request is due at its time, late or not; one that could not be sent for 1 s is skipped and counted."""

    def __init__(self, endpoints, rate, body=None, threads=16, headers=None, timeout=15, shares=None):
        self.endpoints, self.rate, self.timeout = list(endpoints), rate, timeout
        self.headers = {"content-type": "application/json", **(headers or {})}
        self.body = json.dumps(body or {"model": "small", "messages": [{"role": "user", "content": "Hello"}]}).encode()
        self.ended, self.skipped = [], 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._next, self._turn = time.monotonic(), 0
        self._order = [e for e, n in zip(self.endpoints, shares) for _ in range(n)] if shares else self.endpoints
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _due(self):
        with self._lock:
            now = time.monotonic()
            if self._next < now - 1:
                missed = int((now - self._next) * self.rate)
                self.skipped += missed
                self._next += missed / self.rate
            due, self._next = self._next, self._next + 1 / self.rate
            self._turn += 1
            return due, self._order[self._turn % len(self._order)]

    def _work(self):
        open_ones = {}
        while not self._over.is_set():
            due, endpoint = self._due()
            if self._over.wait(max(0, due - time.monotonic())):
                break
            begun, status, key, request_id = time.monotonic(), 0, None, None
            for fresh in (False, True):          # an idle connection may have been closed meanwhile: once more on a new one
                used = endpoint in open_ones
                try:
                    if not used:
                        open_ones[endpoint] = http.client.HTTPConnection(*endpoint, timeout=self.timeout)
                    open_ones[endpoint].request("POST", "/v1/chat/completions", self.body, self.headers)
                    answer = open_ones[endpoint].getresponse()
                    answer.read()
                    status, key, request_id = answer.status, answer.getheader("x-switchyard-key"), answer.getheader("x-request-id")
                    if answer.getheader("connection") == "close":
                        open_ones.pop(endpoint).close()
                    break
                except (OSError, http.client.HTTPException) as broken:
                    if endpoint in open_ones:
                        open_ones.pop(endpoint).close()
                    if fresh or not used or not isinstance(broken, (http.client.RemoteDisconnected, ConnectionError)):
                        break
            self.ended.append(Ended(begun, time.monotonic() - begun, endpoint, status, key, request_id))
        for connection in open_ones.values():
            connection.close()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self

    def count(self, status=None, since=0.0):
        return sum(1 for e in list(self.ended) if e.at >= since and (status is None or e.status == status))

    def bad(self):
        return [e for e in list(self.ended) if e.status != 200]


class Meter:
    """Reads a rising count every 50 ms: how much came within any 60 s."""

    def __init__(self, read, every=0.05):
        self._read, self._every, self.samples = read, every, []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        while not self._over.wait(self._every):
            before = time.monotonic()
            try:
                count = self._read()
            except (OSError, AssertionError):
                continue
            self.samples.append((before, count))

    def stop(self):
        self._over.set()
        self._thread.join()
        return self

    def most_within(self, seconds):
        """The largest rise between two readings at most that far apart."""
        most, first = 0, 0
        for when, count in self.samples:
            while self.samples[first][0] < when - seconds:
                first += 1
            most = max(most, count - self.samples[first][1])
        return most

    def rise(self, since, until):
        inside = [c for t, c in self.samples if since <= t <= until]
        return inside[-1] - inside[0] if len(inside) > 1 else 0

"""What fails reaches the client as OpenAI's own error, and never looks like success."""
import json
import socket
import unittest

import openai

from load import chat_body, request_bytes
from yard import CANARY, Sim, Yard, http, key, provider, secret

HI = [{"role": "user", "content": "Hello signals"}]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ErrorsAreOpenAIs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        quick = {"timeouts": {"connect": "500ms", "first_byte": "400ms", "idle": "400ms"}, "breaker": {"min_requests": 100000}}
        cls.yard = Yard({
            "server": {"max_body": "256KiB"},
            "providers": {
                "openai": provider(cls.sim.url, key("one"), key("two"), **quick),
                "solo": provider(cls.sim.url, key("three", models=["alone"]), **quick),
                "mute": provider(cls.sim.url, key("four", models=["mute"]), **quick),
                "down": provider(f"http://127.0.0.1:{free_port()}", key("five", models=["nobody"]), **quick)},
            "virtual_keys": [{"name": "team", "key": "vk-good"}, {"name": "narrow", "key": "vk-narrow", "models": ["solo/*"]}]})
        cls.client = openai.OpenAI(base_url=cls.yard.url + "/v1", api_key="vk-good", max_retries=0, timeout=20)

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.sim.stop()
        assert code == 0, code

    def tearDown(self):
        self.sim.reset()

    def raises(self, kind, model="small", client=None, **more):
        with self.assertRaises(kind) as caught:
            answer = (client or self.client).chat.completions.create(model=model, messages=HI, **more)
            if more.get("stream"):
                list(answer)
        return caught.exception

    def test_an_unknown_virtual_key_is_an_authentication_error(self):
        for wrong in ("vk-wrong", "vk-goo", "vk-good2"):
            problem = self.raises(openai.AuthenticationError, client=self.client.with_options(api_key=wrong))
            self.assertEqual(problem.code, "invalid_api_key")
            self.assertNotIn(wrong, str(problem))
        status, headers, _ = http("POST", self.yard.url + "/v1/chat/completions", {"model": "small", "messages": HI})
        self.assertEqual(status, 401)
        self.assertTrue(headers.get("x-request-id"))

    def test_a_credential_is_taken_from_every_place_the_contract_names(self):
        body = {"model": "small", "messages": HI}
        for headers in ({"authorization": "Bearer vk-good"}, {"x-api-key": "vk-good"}, {"x-goog-api-key": "vk-good"}):
            self.assertEqual(http("POST", self.yard.url + "/v1/chat/completions", body, headers)[0], 200, headers)
        self.assertEqual(http("POST", self.yard.url + "/v1/chat/completions?key=vk-good", body)[0], 200)

    def test_a_model_outside_the_virtual_keys_list_is_forbidden(self):
        problem = self.raises(openai.PermissionDeniedError, client=self.client.with_options(api_key="vk-narrow"))
        self.assertEqual(problem.code, "model_not_allowed")

    def test_an_unknown_model_is_not_found(self):
        problem = self.raises(openai.NotFoundError, model="ghost")
        self.assertEqual(problem.code, "unknown_model")

    def test_malformed_requests_are_bad_requests(self):
        self.raises(openai.BadRequestError, extra_body={"messages": []})
        for body, code in ((b"{", "invalid_json"), (b"", "invalid_json"), (b"[1]", None), (b'{"messages":[]}', None), (b'{"model":7,"messages":[]}', None)):
            status, _, answer = http("POST", self.yard.url + "/v1/chat/completions", body, {"authorization": "Bearer vk-good"})
            self.assertEqual(status, 400, body)
            error = json.loads(answer)["error"]
            self.assertTrue(error["message"])
            if code:
                self.assertEqual(error["code"], code)

    def test_a_body_over_the_limit_is_413(self):
        status, _, answer = http("POST", self.yard.url + "/v1/chat/completions", b'{"model":"' + b"x" * 300_000, {"authorization": "Bearer vk-good"})
        self.assertEqual(status, 413)
        self.assertIn("error", json.loads(answer))

    def test_a_providers_400_comes_through_with_its_message(self):
        problem = self.raises(openai.BadRequestError, extra_body={"temperature": 9})
        self.assertIn("temperature", str(problem))

    def test_unreachable_providers_give_a_5xx(self):
        problem = self.raises(openai.InternalServerError, model="nobody")
        self.assertIn(problem.status_code, (502, 503, 504))
        self.assertNotIn("127.0.0.1", str(problem))

    def test_a_silent_provider_gives_a_timeout_in_time(self):
        self.sim.faults({"kind": "blackhole", "model": "mute"})
        problem = self.raises(openai.InternalServerError, model="mute")
        self.assertEqual(problem.status_code, 504)

    def test_a_broken_answer_is_a_502_not_a_success(self):
        for kind in ("malformed_json", "wrong_content_type", "redirect", "reset"):
            with self.subTest(kind):
                self.sim.faults({"kind": kind})
                problem = self.raises(openai.InternalServerError)
                self.assertEqual(problem.status_code, 502)

    def test_a_redirect_is_not_followed(self):
        with socket.socket() as canary:
            canary.bind(("127.0.0.1", 0))
            canary.listen()
            canary.settimeout(0.5)
            self.sim.faults({"kind": "redirect", "location": f"http://127.0.0.1:{canary.getsockname()[1]}/"})
            self.raises(openai.APIStatusError)
            with self.assertRaises(TimeoutError):
                canary.accept()

    def stream_bytes(self, model="small"):
        """Every byte a raw client gets until the connection ends, and whether it ended properly."""
        with socket.create_connection(self.yard.endpoint, timeout=10) as raw:
            raw.sendall(request_bytes(chat_body("Hello signals", model=model, stream=True), headers=("authorization: Bearer vk-good", "connection: close")))
            got = b""
            try:
                while piece := raw.recv(65536):
                    got += piece
            except ConnectionResetError:
                pass
            return got

    def test_a_stream_that_breaks_ends_in_an_error_and_never_in_a_false_done(self):
        for kind in ("reset", "truncate", "stall", "stream_error"):
            with self.subTest(kind):
                # Paced, so that content has gone out before the fault comes: else the node could still go elsewhere.
                self.sim.pace(tokens_per_second=100)
                self.addCleanup(self.sim.pace)
                self.sim.faults({"kind": kind, "after_events": 5})
                got = self.stream_bytes()
                self.assertIn(b'"content":', got)
                self.assertIn(b'"error"', got)
                self.assertNotIn(b"[DONE]", got)
                with self.assertRaises(openai.APIError):
                    list(self.client.chat.completions.create(model="small", messages=HI, stream=True))

    def test_what_a_provider_echoes_of_the_key_is_not_shown(self):
        self.sim.faults({"kind": "unauthorized"})
        problem = self.raises(openai.APIStatusError, model="alone")
        self.assertNotIn(CANARY, str(problem) + str(dict(problem.response.headers)))
        self.sim.faults({"kind": "status", "status": 400, "body": {"error": {"message": f"bad header Bearer {secret('one')}", "type": "invalid_request_error"}}})
        problem = self.raises(openai.APIStatusError)
        self.assertNotIn(CANARY, str(problem))


class LimitedEverywhere(unittest.TestCase):
    def test_when_every_key_is_limited_the_shortest_retry_after_comes_through(self):
        sim = Sim()
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"), key("two"))}})
        try:
            sim.faults({"kind": "rate_limited", "key": secret("one"), "retry_after_s": 30}, {"kind": "rate_limited", "key": secret("two"), "retry_after_s": 7})
            client = openai.OpenAI(base_url=yard.url + "/v1", api_key="any", max_retries=0)
            for _ in range(4):
                with self.assertRaises(openai.RateLimitError) as caught:
                    client.chat.completions.create(model="small", messages=HI)
                self.assertIn(int(caught.exception.response.headers["retry-after"]), range(1, 31))
            self.assertIn(int(caught.exception.response.headers["retry-after"]), (6, 7))
            self.assertEqual(caught.exception.code, "rate_limited")
            self.assertLessEqual(sim.requests(), 2)
        finally:
            code = yard.stop()
            sim.stop()
        self.assertEqual(code, 0)

    def test_a_virtual_key_over_its_rpm_is_limited_and_others_are_not(self):
        sim = Sim()
        yard = Yard({"providers": {"openai": provider(sim.url, key("one"))},
                     "virtual_keys": [{"name": "slow", "key": "vk-slow", "rpm": 3}, {"name": "free", "key": "vk-free"}]})
        try:
            answers = [yard.chat(headers={"authorization": "Bearer vk-slow"}) for _ in range(6)]
            self.assertIn(429, [a[0] for a in answers])
            self.assertLessEqual([a[0] for a in answers].count(200), 4)
            self.assertTrue(int(answers[-1][1]["retry-after"]) >= 1)
            self.assertEqual(yard.chat(headers={"authorization": "Bearer vk-free"})[0], 200)
        finally:
            yard.stop()
            sim.stop()


if __name__ == "__main__":
    unittest.main()

"""Stages that look at prompts: guard, semantic and intent, against a real node and simulated providers."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from yard import BIN, Sim, Yard, http, key, provider, secret, wait_until

CODE = ["Write a Python function that sorts a list", "Why does this loop never end?", "Implement binary search in C++",
        "Fix the bug in my recursive function"]
LAW = ["Is this clause of the contract enforceable?", "What are my rights as a tenant?", "Explain the statute of limitations"]
SEED_EXAMPLE = "Write a Python function to calculate Fibonacci numbers recursively"
MAIL = "bob.smith@example.com"


def config(sim):
    balance = {"balance": {"targets": ["openai/small"]}}
    semantic = {"semantic": {"threshold": 0.3, "categories": [{"name": "code", "examples": CODE, "target": "anthropic/claude-large"},
                                                              {"name": "law", "examples": LAW, "target": "openai/large"}]}}
    return {
        "providers": {
            "openai": provider(sim.url, key("one")),
            "anthropic": {"base_url": sim.url, "keys": [{"name": "claude", "value": secret("claude"), "models": ["claude-large"]}]},
        },
        "routes": [
            {"name": "topics", "stages": [{"guard": {"pii": "flag", "jailbreak": "off", "harmful": "off"}}, semantic, balance]},
            {"name": "closed", "stages": [{"guard": {"pii": "off", "jailbreak": "block", "jailbreak_threshold": 0, "harmful": "off"}}, balance]},
            {"name": "private", "stages": [{"guard": {"pii": "block", "jailbreak": "off", "harmful": "off"}}, balance]},
            {"name": "masked", "stages": [{"guard": {"pii": "mask", "jailbreak": "off", "harmful": "off"}}, balance]},
            {"name": "masked-claude", "stages": [{"guard": {"pii": "mask", "jailbreak": "off", "harmful": "off"}},
                                                 {"balance": {"targets": ["anthropic/claude-large"]}}]},
            {"name": "masked-judged", "stages": [{"guard": {"pii": "mask", "jailbreak": "off", "harmful": "off", "answers": True}}, balance]},
            {"name": "judged", "stages": [{"guard": {"pii": "block", "jailbreak": "off", "harmful": "off", "answers": True}}, balance]},
            {"name": "rules", "stages": [
                {"intent": {"rules": [
                    {"name": "with-tools", "when": {"tools": "> 0"}, "target": "openai/large"},
                    {"name": "team-b", "when": {"tags.team": "b"}, "target": "openai/medium"},
                    {"name": "short", "when": {"tokens.input": "< 20", "turns": 1}, "target": "anthropic/claude-large"}]}},
                balance]},
        ],
        "telemetry": {"decision_log": {"keep": 100, "prompts": True}},
    }


class Stages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = Sim()
        cls.sim.models(*({"id": m} for m in ("small", "medium", "large", "claude-large")))
        cls.yard = Yard(config(cls.sim))

    @classmethod
    def tearDownClass(cls):
        code = cls.yard.stop()
        cls.sim.stop()
        assert code == 0, code

    def setUp(self):
        self.sim._control("DELETE", "/sim/received")

    def script(self, text):
        self.sim._control("PUT", "/sim/script", {"steps": [{"when": ".*", "text": text}]})

    def upstream(self):
        """The newest body a provider received."""
        return json.dumps(self.sim.received(bodies=True))

    # -- semantic and intent -------------------------------------------------------------------------------------------

    def test_the_worked_example_reaches_the_code_model_and_the_header_says_why(self):
        status, headers, body = self.yard.chat(SEED_EXAMPLE, model="topics")
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["x-switchyard-provider"], "anthropic")
        self.assertEqual(headers["x-switchyard-model"], "claude-large")
        self.assertRegex(headers["x-switchyard-decision"], r"topics: semantic: category code 0\.\d\d \(next law -?0\.\d\d\) -> anthropic/claude-large by ")

    def test_what_no_category_is_like_goes_where_balance_says(self):
        status, headers, _ = self.yard.chat("zxqv", model="topics")
        self.assertEqual((status, headers["x-switchyard-model"]), (200, "small"))

    def test_the_model_that_a_client_names_stands(self):
        _, headers, _ = self.yard.chat(SEED_EXAMPLE, model="openai/medium")
        self.assertEqual(headers["x-switchyard-model"], "medium")

    def test_a_forced_route_decides_over_the_named_model(self):
        _, headers, _ = self.yard.chat(SEED_EXAMPLE, model="openai/medium", headers={"x-switchyard-route": "topics"})
        self.assertEqual(headers["x-switchyard-model"], "claude-large")

    def test_every_format_is_understood(self):
        turn = {"role": "user", "content": SEED_EXAMPLE}
        parts = [{"text": SEED_EXAMPLE}]
        for path, body in (
            ("/v1/messages", {"model": "topics", "max_tokens": 50, "messages": [turn]}),
            ("/v1/responses", {"model": "topics", "input": SEED_EXAMPLE}),
            ("/v1/completions", {"model": "topics", "prompt": SEED_EXAMPLE}),
            ("/v1beta/models/topics:generateContent", {"contents": [{"role": "user", "parts": parts}]}),
            ("/model/topics/converse", {"messages": [{"role": "user", "content": parts}]}),
        ):
            with self.subTest(path):
                status, headers, answer = http("POST", self.yard.url + path, body)
                self.assertEqual(status, 200, answer)
                self.assertEqual(headers["x-switchyard-model"], "claude-large")

    def test_rules_match_tools_tags_and_counts(self):
        tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
        for wanted, more in (("large", {"tools": tools}), ("medium", {"headers": {"x-switchyard-tags": "x=y, team=b"}}), ("claude-large", {})):
            status, headers, body = self.yard.chat("Hello", model="rules", **more)
            self.assertEqual((status, headers.get("x-switchyard-model")), (200, wanted), body)
        self.assertIn("intent: rule short (", headers["x-switchyard-decision"])
        long = "one two three four five six seven eight nine ten " * 10
        self.assertEqual(self.yard.chat(long, model="rules")[1]["x-switchyard-model"], "small")

    # -- guard ---------------------------------------------------------------------------------------------------------

    def test_a_block_is_a_400_in_the_clients_own_format_and_nobody_is_asked(self):
        status, headers, body = self.yard.chat("Hello", model="closed")
        self.assertEqual(status, 400)
        self.assertEqual(json.loads(body)["error"]["code"], "guard_blocked")
        self.assertIn("jailbreak", json.loads(body)["error"]["message"])
        self.assertIn("guard: jailbreak", headers["x-switchyard-decision"])
        status, _, body = http("POST", self.yard.url + "/v1/messages", {"model": "closed", "max_tokens": 5, "stream": True,
                                                                        "messages": [{"role": "user", "content": "Hello"}]})
        self.assertEqual(status, 400)
        self.assertEqual(json.loads(body)["type"], "error")
        status, _, body = http("POST", self.yard.url + "/v1beta/models/closed:generateContent", {"contents": [{"parts": [{"text": "Hello"}]}]})
        self.assertEqual(status, 400)
        self.assertEqual(self.sim.requests(), 0)

    def test_a_block_names_the_kind_and_never_the_text(self):
        status, headers, body = self.yard.chat("Write to " + MAIL, model="private")
        self.assertEqual(status, 400)
        self.assertIn("email", json.loads(body)["error"]["message"])
        self.assertNotIn("bob", body.decode() + json.dumps(headers))
        self.assertEqual(self.yard.chat("Write to nobody", model="private")[0], 200)

    def test_a_flag_is_counted_and_told_and_changes_nothing(self):
        before = self.yard.metric("switchyard_guard_findings_total", route="topics", check="pii", action="flag")
        status, headers, _ = self.yard.chat("Write to " + MAIL, model="topics")
        self.assertEqual(status, 200)
        self.assertIn("guard: pii (email)", headers["x-switchyard-decision"])
        self.assertIn(MAIL, self.upstream())
        wait_until(lambda: self.yard.metric("switchyard_guard_findings_total", route="topics", check="pii", action="flag") == before + 1, 5, "counted")

    def test_masked_data_never_leaves_and_comes_back_in_the_answer(self):
        self.script("I shall write to [EMAIL_1], not to [EMAIL_2].")
        for route in ("masked", "masked-claude"):
            with self.subTest(route):
                self.sim._control("DELETE", "/sim/received")
                self.script("I shall write to [EMAIL_1], not to [EMAIL_2].")
                # json escapes the first, the quotes and the line break: offsets in the text are not those in the body.
                status, _, body = self.yard.chat(f"\U0001f600 \u00fc\u20ac Write to {MAIL} and to \"eve@example.org\"\n\u00fc", model=route)
                self.assertEqual(status, 200, body)
                self.assertEqual(json.loads(body)["choices"][0]["message"]["content"],
                                 f"I shall write to {MAIL}, not to eve@example.org.")
                seen = self.upstream()
                self.assertIn("[EMAIL_1]", seen)
                self.assertNotIn("bob.smith", seen)
                self.assertNotIn("eve@", seen)
                sent = json.loads(json.loads(seen)["requests"][-1]["body"])["messages"][-1]["content"]
                self.assertEqual(sent if isinstance(sent, str) else sent[0]["text"],
                                 "\U0001f600 \u00fc\u20ac Write to [EMAIL_1] and to \"[EMAIL_2]\"\n\u00fc")

    def test_masked_data_comes_back_in_streams_of_every_format(self):
        parts = [{"text": "Write to " + MAIL}]
        turn = {"role": "user", "content": "Write to " + MAIL}
        for route in ("masked", "masked-claude"):
            for path, body in (
                ("/v1/chat/completions", {"model": route, "stream": True, "messages": [turn]}),
                ("/v1/messages", {"model": route, "stream": True, "max_tokens": 99, "messages": [turn]}),
                ("/v1/responses", {"model": route, "stream": True, "input": "Write to " + MAIL}),
                (f"/v1beta/models/{route}:streamGenerateContent?alt=sse", {"contents": [{"role": "user", "parts": parts}]}),
                (f"/v1beta/models/{route}:streamGenerateContent", {"contents": [{"role": "user", "parts": parts}]}),
                (f"/model/{route}/converse-stream", {"messages": [{"role": "user", "content": parts}]}),
            ):
                with self.subTest(f"{route} {path}"):
                    self.sim._control("DELETE", "/sim/received")
                    self.script("Written to [EMAIL_1] [today].")
                    status, _, answer = http("POST", self.yard.url + path, body, timeout=30)
                    self.assertEqual(status, 200, answer)
                    self.assertNotIn("bob.smith", self.upstream())
                    self.assertIn(MAIL.encode(), answer)
                    self.assertNotIn(b"[EMAIL", answer)

    def test_masked_data_comes_back_in_events_that_are_not_held_whole(self):
        # A response's last events repeat all of its text: beyond 64 KiB they are passed on in pieces, and those cut many a placeholder.
        said = 'the mail of "[EMAIL_1]" is\nü, ' * 6000
        expected = said.replace("[EMAIL_1]", MAIL)
        for route in ("masked", "masked-claude", "masked-judged"):
            with self.subTest(route):
                self.script(said)
                body = {"model": route, "stream": True, "max_output_tokens": 1_000_000, "input": "Write to " + MAIL}
                status, _, answer = http("POST", self.yard.url + "/v1/responses", body, timeout=60)
                self.assertEqual(status, 200, answer[:1000])
                events = [json.loads(line[6:]) for line in answer.decode().splitlines() if line.startswith("data: {")]
                of = {kind: [e for e in events if e["type"] == "response." + kind] for kind in ("output_text.delta", "output_text.done", "content_part.done", "output_item.done", "completed")}
                self.assertEqual([len(of[kind]) for kind in list(of)[1:]], [1, 1, 1, 1])
                for where, text in (("deltas", "".join(e["delta"] for e in of["output_text.delta"])), ("text", of["output_text.done"][0]["text"]),
                                    ("part", of["content_part.done"][0]["part"]["text"]), ("item", of["output_item.done"][0]["item"]["content"][0]["text"]),
                                    ("response", "".join(item["content"][0]["text"] for item in of["completed"][0]["response"]["output"]))):
                    self.assertTrue(text == expected, f"{where}: {len(text)} characters of {len(expected)}, {text.count('[EMAIL')} placeholders")

    def test_tool_calls_get_the_clients_own_text(self):
        self.sim._control("PUT", "/sim/script", {"steps": [{"when": ".*", "text": "", "calls": [{"name": "send", "arguments": {"to": "[EMAIL_1]"}}]}]})
        tools = [{"type": "function", "function": {"name": "send", "parameters": {"type": "object", "properties": {"to": {"type": "string"}}}}}]
        status, _, body = self.yard.chat("Write to " + MAIL, model="masked-claude", tools=tools)
        self.assertEqual(status, 200, body)
        call = json.loads(body)["choices"][0]["message"]["tool_calls"][0]["function"]
        self.assertEqual(json.loads(call["arguments"]), {"to": MAIL})

    def test_answers_are_judged_before_anything_of_them_is_sent(self):
        turn = {"role": "user", "content": "Whom do I write to?"}
        parts = [{"text": "Whom do I write to?"}]
        for stream in (False, True):
            for path, body in (
                ("/v1/chat/completions", {"model": "judged", "stream": stream, "messages": [turn]}),
                ("/v1/messages", {"model": "judged", "stream": stream, "max_tokens": 99, "messages": [turn]}),
                ("/model/judged/converse" + ("-stream" if stream else ""), {"messages": [{"role": "user", "content": parts}]}),
            ):
                with self.subTest(f"{path} {stream}"):
                    self.script("Write to " + MAIL)
                    status, _, answer = http("POST", self.yard.url + path, body, timeout=30)
                    self.assertEqual(status, 400, answer)
                    self.assertIn(b"withheld by the guard", answer)
                    self.assertNotIn(b"bob.smith", answer)
                    self.script("Write to nobody")
                    status, _, answer = http("POST", self.yard.url + path, body, timeout=30)
                    self.assertEqual(status, 200, answer)
                    self.assertIn(b"nobody", answer)
        wait_until(lambda: self.yard.metric("switchyard_guard_findings_total", route="judged", check="answer_pii", action="block") >= 6, 5, "counted")

    def test_tool_schemas_results_and_metadata_are_masked_and_come_back(self):
        def parameters(schema, description):
            return {"name": "send", "description": description, schema: {"type": "object", "properties": {
                "to": {"type": "string", "description": "who; usually boss@example.org"}}}}
        describe = f"Writes to {MAIL}"
        chat = {"messages": [{"role": "user", "content": "Go"}, {"role": "assistant", "content": None, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "send", "arguments": "{}"}}]},
                    {"role": "tool", "tool_call_id": "c1", "content": "sent to eve@example.net"}],
                "tools": [{"type": "function", "function": parameters("parameters", describe)}], "metadata": {"owner": "carl@example.com"}}
        claude = {"max_tokens": 99, "messages": [{"role": "user", "content": "Go"},
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "send", "input": {}}]},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "sent to eve@example.net"}]}],
                  "tools": [parameters("input_schema", describe)], "metadata": {"user_id": "carl@example.com"}}
        for route in ("masked", "masked-claude"):
            for path, body in (("/v1/chat/completions", chat), ("/v1/messages", claude)):
                with self.subTest(f"{route} {path}"):
                    self.sim._control("DELETE", "/sim/received")
                    self.script("Of [EMAIL_1], [EMAIL_2], [EMAIL_3] and [EMAIL_4].")
                    status, _, answer = http("POST", self.yard.url + path, {"model": route, **body})
                    self.assertEqual(status, 200, answer)
                    sent = self.upstream()
                    for name in ("bob.smith", "boss@", "eve@", "carl@"):
                        self.assertNotIn(name, sent)
                    for mail in (MAIL, "boss@example.org", "eve@example.net", "carl@example.com"):
                        self.assertIn(mail.encode(), answer)

    def test_long_text_is_masked_in_its_middle_too(self):
        filler = "lorem ipsum dolor sit amet " * 8000
        status, _, body = self.yard.chat(filler + " mail " + MAIL + " " + filler, model="masked")
        self.assertEqual(status, 200, body)
        self.assertNotIn("bob.smith", self.upstream())

    # -- explain and the decision log ----------------------------------------------------------------------------------

    def explain(self, prompt, model):
        status, _, body = http("POST", self.yard.admin + "/admin/v1/explain", {"model": model, "messages": [{"role": "user", "content": prompt}]})
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_explain_shows_every_signal_and_every_verdict(self):
        told = self.explain(SEED_EXAMPLE, "topics")
        self.assertEqual(told["target"], "anthropic/claude-large")
        self.assertLessEqual({"domain", "complexity", "format", "safety", "tokens", "language", "clarity", "turns", "tools", "images"},
                             set(told["signals"]))
        self.assertLessEqual({"pii", "jailbreak", "harmful"}, set(told["signals"]["safety"]))
        self.assertEqual(told["signals"]["format"]["value"], "code")
        self.assertIn("took_us", told["signals"]["domain"])
        stages = {s["name"]: s for s in told["stages"]}
        self.assertEqual(stages["semantic"]["verdict"], "matched")
        self.assertTrue(stages["semantic"]["reason"].startswith("category code"))
        self.assertEqual(stages["guard"]["verdict"], "passed")
        self.assertEqual(stages["balance"]["reason"], "semantic named anthropic/claude-large")
        self.assertEqual(self.sim.requests(), 0)

    def test_explain_says_why_no_rule_holds_and_what_is_blocked(self):
        told = self.explain("one two three four five six seven eight nine ten " * 10, "rules")
        self.assertIn("no rule holds: with-tools (tools 0), team-b (tags.team unknown)", told["stages"][0]["reason"])
        told = self.explain("Hello", "closed")
        self.assertIsNone(told["target"])
        self.assertEqual(told["stages"][0]["verdict"], "blocked")
        self.assertEqual(len(told["stages"]), 1)

    def test_the_decision_log_keeps_what_was_found_out(self):
        status, headers, _ = self.yard.chat(SEED_EXAMPLE, model="topics")
        self.assertEqual(status, 200)
        path = "/admin/v1/decisions/" + headers["x-request-id"]
        wait_until(lambda: http("GET", self.yard.admin + path)[0] == 200, 5, "the decision is there")
        kept = self.yard.get_admin(path)
        self.assertEqual([(s["name"], s["verdict"]) for s in kept["stages"]], [("guard", "passed"), ("semantic", "matched"), ("balance", "weighted")])
        self.assertIn("pii", kept["signals"]["safety"])
        self.assertNotIn("domain", kept["signals"])   # no stage asked
        self.assertEqual(kept["prompt"], SEED_EXAMPLE)
        self.assertGreater(self.yard.metric("switchyard_stage_duration_seconds_count", route="topics", stage="semantic"), 0)

    # -- learning from the user's own prompts --------------------------------------------------------------------------

    def ctl(self, *arguments, url=None):
        command = [str(BIN / "switchyardctl"), *(["--url", url] if url else []), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_suggest_finds_the_kinds_of_prompts_that_were_seen(self):
        yard = Yard(config(self.sim))
        try:
            for number in range(8):
                for what in (f"How do I cook lentil soup for {number + 2} people?", f"Debug this Python loop, it prints {number} and stops"):
                    self.assertEqual(yard.chat(what, model="topics")[0], 200)
            wait_until(lambda: len(yard.get_admin("/admin/v1/prompts?limit=100")["prompts"]) == 16, 5, "the prompts are kept")
            told = self.ctl("suggest", url=yard.admin)
            self.assertEqual(told.count("- name:"), 2, told)
            self.assertIn("8 prompts", told)
            self.assertIn("lentil", told)
        finally:
            self.assertEqual(yard.stop(), 0)

    def test_a_trained_model_decides_and_a_reload_takes_the_next_one(self):
        with tempfile.TemporaryDirectory() as folder:
            model, rows = os.path.join(folder, "topics.json"), pathlib.Path(folder) / "rows.jsonl"

            def train(first, second):
                rows.write_text("".join(json.dumps({"prompt": f"{text} number {n}", "label": label}) + "\n" for n in range(10)
                                        for text, label in (("Write a Python function", first), ("A recipe for lentil soup", second))))
                report = json.loads(self.ctl("--json", "train", "category", "--in", str(rows), "--out", model))
                self.assertEqual(report["accuracy"], 1)
                self.assertTrue(pathlib.Path(report["picture"]).read_text().startswith("<svg"))

            train("one", "two")
            trained = config(self.sim)
            trained["routes"] = [{"name": "learnt", "stages": [{"semantic": {"model": model, "categories": [
                {"name": "one", "target": "openai/small"}, {"name": "two", "target": "openai/large"}]}}]}]
            yard = Yard(trained)
            try:
                ask = lambda: yard.chat(SEED_EXAMPLE, model="learnt")[1].get("x-switchyard-model")
                self.assertEqual(ask(), "small")
                train("two", "one")
                yard.reload(trained)
                wait_until(lambda: ask() == "large", 10, "the reload took the new model")
                pathlib.Path(model).write_text("{}")
                yard.reload(trained)
                wait_until(lambda: "this is no category model" in yard.process.output(), 10, "a broken model is refused")
                self.assertEqual(ask(), "large")
            finally:
                self.assertEqual(yard.stop(), 0)

    def test_trained_domains_decide_rules_and_a_reload_takes_the_next_ones(self):
        with tempfile.TemporaryDirectory() as folder:
            model, rows = os.path.join(folder, "domains.json"), pathlib.Path(folder) / "rows.jsonl"

            def train(first, second):
                rows.write_text("".join(json.dumps({"prompt": f"{text} number {n}", "label": label}) + "\n" for n in range(20)
                                        for text, label in (("Write a Python function", first), ("A recipe for lentil soup", second))))
                report = json.loads(self.ctl("--json", "train", "domain", "--in", str(rows), "--out", model))
                self.assertEqual(report["accuracy"], 1)
                self.assertEqual({row["domain"] for row in report["domains"]}, {first, second})
                self.assertTrue(pathlib.Path(report["picture"]).read_text().startswith("<svg"))
                return report

            self.assertNotIn("built_in_accuracy", train("programming", "kitchen"))
            trained = config(self.sim)
            trained["routes"] = [{"name": "learnt", "stages": [{"intent": {"domain_model": model, "rules": [
                {"name": "p", "when": {"domain": "programming"}, "target": "openai/small"},
                {"name": "k", "when": {"domain": ["kitchen"]}, "target": "openai/large"}]}}]}]
            yard = Yard(trained)
            try:
                ask = lambda: yard.chat(SEED_EXAMPLE, model="learnt")[1]
                self.assertEqual(ask()["x-switchyard-model"], "small")
                self.assertIn("rule p (domain programming)", ask()["x-switchyard-decision"])
                train("kitchen", "programming")
                yard.reload(trained)
                wait_until(lambda: ask()["x-switchyard-model"] == "large", 10, "the reload took the new model")
                train("law", "math")
                yard.reload(trained)
                wait_until(lambda: "does not know the label 'programming' of the rule 'p'" in yard.process.output(), 10, "a model without the label is refused")
                self.assertEqual(ask()["x-switchyard-model"], "large")
            finally:
                self.assertEqual(yard.stop(), 0)
            self.assertIn("built_in_accuracy", train("computer science", "other"))

    # -- refusing what cannot work -------------------------------------------------------------------------------------

    def test_a_virtual_key_may_not_reach_a_model_by_a_category(self):
        restricted = config(self.sim)
        restricted["virtual_keys"] = [{"name": "team", "key": secret("team"), "models": ["openai/*"]}]
        yard = Yard(restricted)
        try:
            team = {"authorization": "Bearer " + secret("team")}
            status, _, body = yard.chat(SEED_EXAMPLE, model="topics", headers=team)
            self.assertEqual(status, 403, body)
            self.assertEqual(json.loads(body)["error"]["code"], "model_not_allowed")
            self.assertIn("anthropic/claude-large", json.loads(body)["error"]["message"])
            self.assertIn("stage 'semantic'", json.loads(body)["error"]["message"])
            self.assertEqual(yard.chat("zxqv", model="topics", headers=team)[0], 200)
        finally:
            self.assertEqual(yard.stop(), 0)

    def test_a_node_without_models_serves_routes_that_need_none_and_refuses_others(self):
        plain = config(self.sim)
        plain["routes"] = [{"name": "plain", "stages": [{"balance": {"targets": ["openai/small"]}}]}]
        yard = Yard(plain, environment={"SWITCHYARD_MODELS": "/nonexistent"})
        try:
            self.assertEqual(yard.chat(model="plain")[0], 200)
            yard.reload(config(self.sim))
            wait_until(lambda: "needs the signal models" in yard.process.output(), 10, "the reload is refused with its reason")
            self.assertIn("/nonexistent", yard.process.output())
            self.assertEqual(yard.chat(model="plain")[0], 200)
        finally:
            self.assertEqual(yard.stop(), 0)
        with self.assertRaisesRegex(AssertionError, "needs the signal models"):
            Yard(config(self.sim), environment={"SWITCHYARD_MODELS": "/nonexistent"})


if __name__ == "__main__":
    unittest.main()

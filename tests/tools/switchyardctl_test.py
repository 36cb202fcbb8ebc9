#!/usr/bin/env python3
"""switchyardctl as a user meets it: exit codes, messages, tables, the event stream; against a node played by this script.
Usage: switchyardctl_test.py PROGRAM [TEST ...]"""
import http.server
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = ""
SEED = {"providers": {"openai": {"keys": [{"name": "k1", "value": "not-a-real-key", "weight": 0.7, "models": ["gpt-4o"]}]}}}


class Node(http.server.BaseHTTPRequestHandler):
    """Answers what the test put into `answers`, and remembers what was asked."""
    answers = {}
    asked = []
    token = None

    def do_GET(self):
        self.respond("")

    def do_POST(self):
        self.respond(self.rfile.read(int(self.headers["content-length"])).decode())

    def respond(self, body):
        Node.asked.append((self.command, self.path, body))
        if Node.token and self.headers.get("authorization") != f"Bearer {Node.token}":
            status, kind, answer = 401, "application/json", '{"error":{"message":"the admin API needs its token"}}'
        else:
            path = re.sub(r"[?&]scope=cluster$", "", self.path)   # a node alone answers the same with and without
            status, kind, answer = Node.answers.get(path, (404, "text/plain", "nothing here"))
        self.send_response(status)
        self.send_header("content-type", kind)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


class SwitchyardCtl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.server.server_port}"

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        Node.answers, Node.asked, Node.token = {}, [], None

    def ctl(self, *arguments, stdin="", **environment):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, input=stdin, check=False, timeout=60,
                              env={**{k: v for k, v in os.environ.items() if not k.startswith("SWITCHYARD_")}, **environment})
        return done.returncode, done.stdout, done.stderr

    def answer(self, path, value, status=200):
        Node.answers["/admin/v1/" + path] = (status, "application/json", json.dumps(value))

    def file(self, text):
        handle = tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False)
        self.addCleanup(os.unlink, handle.name)
        with handle:
            handle.write(text)
        return handle.name

    # usage

    def test_version_and_help_end_with_0_and_wrong_usage_with_2(self):
        code, out, _ = self.ctl("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^switchyardctl \d+\.\d+\.\d+\n$")
        self.assertEqual(self.ctl("--help")[0], 0)
        for arguments in ([], ["bogus"], ["status", "--bogus"], ["config"], ["explain"], ["decisions", "--limit", "0"],
                          ["status", "--url", "ftp://x"], ["status", "--url", "https://x"], ["completion", "tcsh"],
                          ["spend", "--by", "moon"], ["status", "--token", "a\nb"]):
            code, out, err = self.ctl(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertTrue(err, arguments)

    def test_a_node_that_is_not_there_is_named_with_what_to_do(self):
        code, out, err = self.ctl("status", "--url", "http://127.0.0.1:1")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("cannot reach http://127.0.0.1:1: connection refused; is switchyard running?", err)

    # asking

    def test_tables_are_plain_where_there_is_no_terminal(self):
        self.answer("nodes", {"nodes": [{"name": "yard-a", "state": "alive", "region": "eu", "version": "0.1.0", "uptime_s": 61}]})
        self.assertEqual(self.ctl("nodes", "--url", self.url),
                         (0, "NODE    STATE  REGION  VERSION     UP\nyard-a  alive  eu      0.1.0    1m 1s\n", ""))

    def test_every_view_asks_its_path_and_json_gives_the_answer_as_it_came(self):
        for arguments, path in ((["status"], "status"), (["nodes"], "nodes"), (["keys"], "keys"), (["breakers"], "breakers"),
                                (["limits"], "limits"), (["routes"], "routes"), (["decisions"], "decisions?limit=20"),
                                (["trace", "a/b"], "decisions/a%2Fb"), (["vkeys", "list"], "virtual-keys"),
                                (["spend", "--by", "tag"], "spend?by=tag"), (["config", "show"], "config")):
            self.answer(path, {"odd": [1]})
            self.assertEqual(self.ctl(*arguments, "--url", self.url, "--json"), (0, '{"odd": [1]}\n', ""), arguments)
            self.assertEqual(self.ctl("--url", self.url, *arguments)[0], 0, arguments)

    def test_lists_are_asked_of_the_whole_cluster_unless_told_otherwise(self):
        for name in ("status", "nodes", "keys", "breakers", "limits", "spend"):
            path = "/admin/v1/" + name + ("?by=model" if name == "spend" else "")
            self.answer(path.removeprefix("/admin/v1/"), {})
            Node.asked = []
            self.ctl(name, "--url", self.url)
            self.ctl(name, "--local", "--url", self.url)
            self.assertEqual([asked[1] for asked in Node.asked], [path + ("&" if "?" in path else "?") + "scope=cluster", path])

    def test_rows_tell_their_node_and_silent_nodes_are_named(self):
        self.answer("limits", {"limits": [{"node": "a", "scope": "key", "name": "k1"}, {"node": "b", "scope": "key", "name": "k1"}], "missing": ["c"]})
        _, out, _ = self.ctl("limits", "--url", self.url)
        self.assertRegex(out, r"^NODE  SCOPE.*\na .*\nb .*\nno answer from c\n$")

    def test_certificates_are_made_once_and_never_overwritten(self):
        with tempfile.TemporaryDirectory() as folder:
            code, _, err = self.ctl("cluster", "cert", "--dir", folder + "/pki", "a", "b")
            self.assertEqual((code, err), (0, ""))
            made = sorted(os.listdir(folder + "/pki"))
            self.assertEqual(made, ["a.key", "a.pem", "b.key", "b.pem", "ca.key", "ca.pem"])
            for name in made:
                self.assertEqual(os.stat(f"{folder}/pki/{name}").st_mode & 0o777, 0o600 if name.endswith(".key") else 0o644, name)
            with open(folder + "/pki/ca.pem", encoding="utf-8") as file:
                ca = file.read()
            code, _, err = self.ctl("cluster", "cert", "--dir", folder + "/pki", "b", "c")
            self.assertEqual(code, 1)
            self.assertIn("b.pem exists", err)
            self.assertEqual(self.ctl("cluster", "cert", "--dir", folder + "/pki", "c")[0], 0)
            with open(folder + "/pki/ca.pem", encoding="utf-8") as file:
                self.assertEqual(file.read(), ca)
            for name in ("../x", "ca", "a b", ""):
                self.assertEqual(self.ctl("cluster", "cert", "--dir", folder + "/pki", name)[0], 2, name)

    def test_errors_of_the_node_are_passed_on(self):
        self.answer("spend?by=model", {"error": {"code": "internal", "message": "the ledger\x1b[1m is closed"}}, 500)
        self.assertEqual(self.ctl("spend", "--url", self.url), (1, "", "switchyardctl: the ledger?[1m is closed\n"))
        code, _, err = self.ctl("keys", "--url", self.url)
        self.assertEqual(code, 1)
        self.assertIn("HTTP 404", err)

    def test_an_answer_that_is_not_json_is_refused(self):
        Node.answers["/admin/v1/keys"] = (200, "text/html", "<html>")
        code, out, err = self.ctl("keys", "--url", self.url)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("not JSON", err)

    def test_the_token_comes_from_the_option_or_the_environment(self):
        Node.token = "t0ken"
        self.answer("nodes", [])
        self.assertEqual(self.ctl("nodes", "--url", self.url, "--token", "t0ken")[0], 0)
        self.assertEqual(self.ctl("nodes", "--url", self.url, SWITCHYARD_ADMIN_TOKEN="t0ken")[0], 0)
        code, _, err = self.ctl("nodes", "--url", self.url, "--token", "guess")
        self.assertEqual(code, 1)
        self.assertIn("SWITCHYARD_ADMIN_TOKEN", err)
        self.assertNotIn("guess", err)

    def test_explain_sends_a_chat_body_to_the_named_or_the_usual_route(self):
        self.answer("explain", {"route": "auto", "target": "sim/small"})
        self.answer("routes", {"routes": [{"name": "direct"}, {"name": "cheap"}, {"name": "auto"}]})
        code, out, _ = self.ctl("explain", "hello", "--url", self.url)
        self.assertEqual(code, 0)
        self.assertIn("target         sim/small", out)
        self.assertEqual(json.loads(Node.asked[-1][2]), {"messages": [{"role": "user", "content": "hello"}], "model": "auto"})
        self.ctl("explain", "-", "--model", "sim/large", "--url", self.url, stdin="from a pipe")
        self.assertEqual(json.loads(Node.asked[-1][2]), {"messages": [{"role": "user", "content": "from a pipe"}], "model": "sim/large"})
        body = {"model": "x/y", "messages": [], "temperature": 0.5}
        self.ctl("explain", "-", "--url", self.url, stdin=json.dumps(body))
        self.assertEqual(json.loads(Node.asked[-1][2]), body)

    def test_explain_without_any_route_asks_for_a_model(self):
        self.answer("routes", {"routes": []})
        code, _, err = self.ctl("explain", "hello", "--url", self.url)
        self.assertEqual(code, 2)
        self.assertIn("--model provider/model", err)

    def test_follow_prints_the_past_oldest_first_and_then_the_stream(self):
        self.answer("decisions?limit=2", {"decisions": [{"request_id": "r2"}, {"request_id": "r1"}]})
        events = ': connected\n\ndata: {"type":"breaker"}\n\ndata: {"type":"decision","request_id":"r3"}\n\ndata: broken\n\n'
        Node.answers["/admin/v1/events"] = (200, "text/event-stream", events)
        code, out, err = self.ctl("decisions", "--follow", "--limit", "2", "--json", "--url", self.url)
        self.assertEqual([json.loads(line)["request_id"] for line in out.splitlines()], ["r1", "r2", "r3"])
        self.assertEqual(code, 1)
        self.assertIn("the node ended the stream", err)

    def test_drain_names_the_node(self):
        self.answer("drain", {"draining": True})
        self.assertEqual(self.ctl("drain", "yard-a", "--url", self.url)[0], 0)
        self.assertEqual(Node.asked, [("POST", "/admin/v1/drain", '{"node":"yard-a"}')])

    # offline

    def test_the_example_passes_its_own_check(self):
        code, example, _ = self.ctl("config", "example")
        self.assertEqual(code, 0)
        secrets = {name: name for name in re.findall(r"env\.(\w+)", example)}
        code, out, err = self.ctl("config", "check", self.file(example), **secrets)
        self.assertEqual((code, err), (0, ""))
        self.assertIn(": fine: ", out)

    def test_the_json_seed_passes(self):
        code, out, err = self.ctl("config", "check", self.file(json.dumps(SEED)))
        self.assertEqual((code, err), (0, ""))
        self.assertIn("1 provider, 1 key", out)

    def test_every_problem_of_a_bad_config_is_told_at_once_with_its_place(self):
        path = self.file("providers:\n  openai:\n    keys:\n      - {name: k1, value: x, weigth: 1}\nserver: {threads: many}\n")
        code, out, err = self.ctl("config", "check", path)
        self.assertEqual((code, out), (2, ""))
        self.assertIn(f"{path}:4:", err)
        self.assertIn("did you mean", err)
        self.assertIn(f"{path}:5:", err)
        code, out, _ = self.ctl("config", "check", path, "--json")
        self.assertEqual(code, 2)
        self.assertFalse(json.loads(out)["ok"])
        self.assertEqual(len(json.loads(out)["problems"]), 2)

    def test_a_missing_file_is_a_problem_not_a_crash(self):
        code, _, err = self.ctl("config", "check", "/nonexistent/switchyard.yaml")
        self.assertEqual(code, 2)
        self.assertIn("/nonexistent/switchyard.yaml", err)

    def test_the_schema_is_json(self):
        code, out, _ = self.ctl("config", "schema")
        self.assertEqual(code, 0)
        self.assertIn("properties", json.loads(out))

    def models(self):
        """A folder with a table of two words."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        text = b"[UNK]\nred\nblue\n"
        rows = bytes(32) + bytes([100]) + bytes(31) + bytes([0, 100]) + bytes(30)
        body = text + bytes(-len(text) % 8) + struct.pack("<3f", 0, 1, 1) + rows
        body += bytes(-len(body) % 8)
        file = b"swydemb1" + struct.pack("<4IQ", 32, 3, len(text), 0, 0) + body
        words = struct.unpack(f"<{len(file) // 8}Q", file)
        checksum = sum(word * (2 * i + 1) for i, word in enumerate(words)) % 2**64
        (folder / "embedding.bin").write_bytes(file[:24] + struct.pack("<Q", checksum) + file[32:])
        return str(folder)

    def test_eval_answers_every_line_in_order_whatever_the_threads(self):
        lines = self.file("".join(json.dumps({"id": n, "prompt": "red" if n % 3 else "blue"}) + "\n\n" for n in range(1000)))
        for threads in ("1", "5"):
            code, out, err = self.ctl("eval", "embed", "--in", lines, "--threads", threads, "--models", self.models())
            self.assertEqual(code, 0, err)
            answers = [json.loads(line) for line in out.splitlines()]
            self.assertEqual([answer["id"] for answer in answers], list(range(1000)))
            self.assertTrue(all(answer["vector"][0] == (1 if answer["id"] % 3 else 0) for answer in answers))
            self.assertRegex(err, r"^items=1000 seconds=[0-9.]+ items_per_s=[0-9.]+ us_per_item=[0-9.]+\n$")

    def test_eval_similarity_judges_by_the_threshold_and_finds_models_by_the_variable(self):
        code, out, _ = self.ctl("eval", "similarity", "--in", "-", "--threshold", "0.7", stdin='{"a":"red blue","b":"red"}\n',
                                SWITCHYARD_MODELS=self.models())
        self.assertEqual(code, 0)
        self.assertEqual(json.loads(out), {"similarity": 0.707107, "cosine": 0.707107, "hit": True, "why": "similarity 0.7071 reaches 0.7000 (cosine 0.7071)"})

    def test_eval_names_the_line_it_cannot_answer_and_the_file_it_cannot_find(self):
        lines = self.file('{"prompt":"red"}\n{"prompt":7}\n')
        code, _, err = self.ctl("eval", "embed", "--in", lines, "--models", self.models())
        self.assertEqual(code, 1)
        self.assertIn(f"{lines}:2: prompt: expected a string", err)
        code, _, err = self.ctl("eval", "embed", "--in", lines, "--models", "/nonexistent")
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent/embedding.bin: No such file or directory", err)
        code, _, err = self.ctl("eval", "embed", "--in", "/nonexistent.jsonl", "--models", self.models())
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent.jsonl: No such file or directory", err)

    def test_bash_can_read_its_completion(self):
        script = self.ctl("completion", "bash")[1]
        proposals = script + '\nCOMP_WORDS=(switchyardctl --json config "") COMP_CWORD=3; _switchyardctl; echo "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", proposals], capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        self.assertTrue(done.stdout.startswith("show apply check schema example"), done.stdout)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()

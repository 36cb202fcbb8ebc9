#!/usr/bin/env python3
"""The documents are true: configs in them load, commands in them work, code they quote is in the tree, links lead somewhere.
Usage: documents_test.py FOLDER_OF_PROGRAMS [TEST ...]"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path()
SKIPPED = {"build", "node_modules", ".git", ".cache", "data"}


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / document).read_text(encoding="utf-8"), re.M | re.S)


class Documents(unittest.TestCase):
    def test_configs_of_the_readme_load(self):
        configs = [(text, suffix) for suffix in ("json", "yaml") for text in blocks("README.md", suffix)]
        self.assertEqual(len(configs), 3)
        for text, suffix in configs:
            with tempfile.NamedTemporaryFile("w", suffix="." + suffix) as file:
                file.write(text)
                file.flush()
                secrets = {name: "x" for name in re.findall(r"env\.(\w+)", text)}
                done = subprocess.run([PROGRAMS / "switchyardctl", "config", "check", file.name], capture_output=True, text=True,
                                      check=False, env={**os.environ, **secrets})
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_quoted_code_is_in_the_tree(self):
        quotes = blocks("CONTRIBUTING.md", "cpp")
        self.assertEqual(len(quotes), 3)
        for quote in quotes:
            sources = [path for folder in ("routing", "actors", "tests") for path in (ROOT / folder).rglob("*.cpp")]
            self.assertTrue(any(quote in path.read_text(encoding="utf-8") for path in sources), quote)

    def test_links_and_named_paths_exist(self):
        for document in ROOT.rglob("*.md"):
            if SKIPPED & set(document.relative_to(ROOT).parts):
                continue
            prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
            for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
                if "://" not in link:
                    self.assertTrue((document.parent / link).exists(), f"{document.relative_to(ROOT)} links to {link}")

    def test_commands_of_the_readme_work_against_a_fresh_node(self):
        environment = {name: value for name, value in os.environ.items()
                       if not re.search(r"_API_KEY|^AWS_|^SWITCHYARD_|_proxy$|_PROXY$", name)}
        with tempfile.TemporaryDirectory() as folder:
            command = [PROGRAMS / "switchyard", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data-dir", folder]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment) as node:
                try:
                    self.run_commands(node.stdout.readline(), environment)
                finally:
                    node.terminate()
                    self.assertEqual(node.wait(timeout=30), 0)

    def run_commands(self, listening, environment):
        data, admin = re.match(r"listening data=(\S+) admin=(\S+) ", listening).groups()
        curl, ctl = blocks("README.md", "sh")
        self.assertIn("127.0.0.1:8080", curl)
        answer = self.shell(curl.replace("127.0.0.1:8080", data).replace("curl ", "curl -sS ", 1), environment)
        self.assertTrue(json.loads(answer)["choices"][0]["message"]["content"])
        for line in ctl.replace("build/release/bin", str(PROGRAMS)).splitlines():
            self.assertTrue(self.shell(f"{line} --url http://{admin}", environment), line)

    def shell(self, command, environment):
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60, env=environment)
        self.assertEqual(done.returncode, 0, command + "\n" + done.stdout + done.stderr)
        return done.stdout


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()

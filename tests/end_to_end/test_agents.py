"""Coding agents complete a tool-using task through the node, answered by a provider of another format: claude-code, codex."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from yard import Sim, Yard, http, key, provider

AGENTS = pathlib.Path(os.environ.get("SWITCHYARD_E2E_AGENTS", "/nonexistent")) / "node_modules" / ".bin"


def wires(url):
    """Simulated providers of every format behind one node."""
    out = {"openai": provider(url, key("openai-one"))}
    for name in ("anthropic", "gemini"):
        out[name] = {"wire": name, "base_url": url, "keys": [key(name + "-one")]}
    return {"providers": out}


class Agent(unittest.TestCase):
    def setUp(self):
        self.sim = Sim()
        self.yard = Yard(wires(self.sim.url))
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-agent-"))
        self.work = self.home / "work"
        self.work.mkdir()

    def tearDown(self):
        code = self.yard.stop()
        self.sim.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        self.assertEqual(code, 0)

    def script(self, tool, arguments):
        """The model first calls the tool, then says that it is done."""
        status, _, body = http("PUT", self.sim.url + "/sim/script", {"steps": [
            {"needs_tools": True, "calls": [{"name": tool, "arguments": arguments}]},
            {"needs_tools": True, "text": "The signal box is written."}]})
        self.assertEqual(status, 200, body)

    def run_agent(self, *command, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OPENAI", "CLAUDE", "CODEX"))}
        return subprocess.run(command, cwd=self.work, env={**clean, "HOME": str(self.home), **environment}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=150, check=False)

    def hold(self, done):
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        self.assertIn("The signal box is written.", done.stdout, done.stderr[-3000:])
        self.assertEqual((self.work / "box.txt").read_text().strip(), "points set")


@unittest.skipUnless((AGENTS / "claude").exists(), "npm package @anthropic-ai/claude-code is not installed")
class ClaudeCode(Agent):
    def ask(self, model):
        self.script("Bash", {"command": "echo points set > box.txt", "description": "Write the file"})
        self.hold(self.run_agent(
            str(AGENTS / "claude"), "-p", "Write 'points set' into box.txt", "--allowedTools", "Bash", "--model", model,
            ANTHROPIC_BASE_URL=self.yard.url, ANTHROPIC_API_KEY="vk-any", ANTHROPIC_SMALL_FAST_MODEL=model, IS_SANDBOX="1",
            CLAUDE_CONFIG_DIR=str(self.home / ".claude"), CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1", DISABLE_AUTOUPDATER="1"))

    def test_claude_code_works_with_a_provider_of_openais_format(self):
        self.ask("openai/small")

    def test_claude_code_works_with_a_provider_of_geminis_format(self):
        self.ask("gemini/small")


@unittest.skipUnless((AGENTS / "codex").exists(), "npm package @openai/codex is not installed")
class Codex(Agent):
    def ask(self, model):
        self.script("exec_command", {"cmd": "echo points set > box.txt"})
        settings = {"model_provider": '"yard"', "model_providers.yard.name": '"yard"', "model_providers.yard.base_url": f'"{self.yard.url}/v1"',
                    "model_providers.yard.wire_api": '"responses"', "model_providers.yard.env_key": '"YARD_KEY"'}
        options = [piece for name, value in settings.items() for piece in ("-c", f"{name}={value}")]
        done = self.run_agent(str(AGENTS / "codex"), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", *options, "-m", model,
                              "Write 'points set' into box.txt", YARD_KEY="vk-any", CODEX_HOME=str(self.codex_home()))
        self.hold(done)

    def codex_home(self):
        folder = self.home / ".codex"
        folder.mkdir(exist_ok=True)
        return folder

    def test_codex_works_with_a_provider_of_anthropics_format(self):
        self.ask("anthropic/small")

    def test_codex_works_with_a_provider_of_geminis_format(self):
        self.ask("gemini/small")


if __name__ == "__main__":
    unittest.main()

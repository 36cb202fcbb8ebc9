"""The official Node client, by node's own test runner."""
import os
import subprocess
import unittest

from yard import Sim, Yard, key, provider


@unittest.skipUnless("SWITCHYARD_E2E_NODE" in os.environ, "node and npm are not installed")
class OfficialNodeClient(unittest.TestCase):
    def test_the_official_node_client_works_as_against_openai(self):
        sim = Sim()
        limited = Sim(setup={"faults": [{"kind": "rate_limited", "retry_after_s": 9}]})
        yard = Yard({"providers": {"openai": provider(sim.url, key("one")),
                                   "limited": provider(limited.url, key("two", models=["busy"]))},
                     "virtual_keys": [{"name": "team", "key": "vk-node-tests"}]})
        try:
            done = subprocess.run(["node", "--test", "clients.test.mjs"], cwd=os.environ["SWITCHYARD_E2E_NODE"], capture_output=True, text=True, timeout=120,
                                  env={**os.environ, "SWITCHYARD_URL": yard.url, "SWITCHYARD_KEY": "vk-node-tests"})
            self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
        finally:
            code = yard.stop()
            sim.stop()
            limited.stop()
        self.assertEqual(code, 0)


if __name__ == "__main__":
    unittest.main()

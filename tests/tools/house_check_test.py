#!/usr/bin/env python3
"""The house check finds each kind of planted violation, at its place, and nothing in a tree that keeps the rules."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "tools/house_check/house_check"


class HouseCheck(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.plant("base/README.md", "Holds the ground floor.\n")
        self.plant("actors/README.md", "Holds the actors.\n")
        self.plant("actors/key_actor.cpp", '#include "routing/breaker.hpp"\n#include <caf/all.hpp>\n')

    def plant(self, path, text):
        file = pathlib.Path(self.folder.name) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def check(self):
        done = subprocess.run([sys.executable, PROGRAM, self.folder.name], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def expect(self, *wanted):
        code, found = self.check()
        self.assertEqual(code, 1, found)
        for text in wanted:
            self.assertIn(text, found)
        self.assertEqual(len(found.splitlines()), len(wanted), found)

    def test_a_tree_that_keeps_the_rules_passes(self):
        self.assertEqual(self.check(), (0, ""))

    def test_an_include_against_the_layer_order_is_found(self):
        self.plant("base/ids.cpp", '#include "base/ids.hpp"\n\n#include "actors/actor_world.hpp"\n')
        self.expect("base/ids.cpp:3: #include \"actors/actor_world.hpp\": base/ must not include actors/")

    def test_tests_may_include_every_layer(self):
        self.plant("tests/README.md", "Holds tests.\n")
        self.plant("tests/base/ids_test.cpp", '#include "actors/actor_world.hpp"\n#include <boost/test/unit_test.hpp>\n')
        self.assertEqual(self.check(), (0, ""))

    def test_a_library_outside_its_home_is_found(self):
        self.plant("base/log.cpp", "#include <spdlog/spdlog.h>\n")
        self.plant("base/ids.cpp", "#include <caf/all.hpp>\n#include <spdlog/spdlog.h>\n  #  include <boost/asio.hpp>\n")
        self.expect("base/ids.cpp:1:", "base/ids.cpp:2:", "base/ids.cpp:3:")

    def test_a_library_that_only_starts_alike_is_not_meant(self):
        self.plant("base/ids.cpp", "#include <cafe/menu.hpp>\n#include <boost/json.hpp>\n")
        self.assertEqual(self.check(), (0, ""))

    def test_the_dashboard_is_for_programs_only(self):
        self.plant("web/README.md", "Holds the dashboard.\n")
        self.plant("tools/README.md", "Holds programs.\n")
        self.plant("tools/switchyard/main.cpp", '#include "web/index_html.hpp"\n')
        self.plant("actors/page.cpp", '#include "web/index_html.hpp"\n')
        self.expect("actors/page.cpp:1:")

    def test_a_missing_readme_is_found(self):
        self.plant("net/server.cpp", "\n")
        self.expect("net/README.md:1: missing")

    def test_a_readme_that_grew_is_found(self):
        self.plant("base/README.md", "line\n" * 31)
        self.expect("base/README.md:31: 31 lines")

    def test_a_file_that_grew_is_found(self):
        self.plant("base/ids.cpp", "int x;\n" * 501)
        self.expect("base/ids.cpp:501: 501 lines")

    def test_a_file_of_500_lines_may_stand(self):
        self.plant("base/ids.cpp", "int x;\n" * 500)
        self.assertEqual(self.check(), (0, ""))

    def test_a_sleeping_unit_test_is_found_and_an_end_to_end_test_may_sleep(self):
        self.plant("tests/README.md", "Holds tests.\n")
        self.plant("tests/net/server_test.cpp", "int main() {\n  std::this_thread::sleep_for(1s);\n}\n")
        self.plant("tests/end_to_end/probe.cpp", "void wait() { std::this_thread::sleep_for(1s); }\n")
        self.expect("tests/net/server_test.cpp:2: a test that sleeps")

    def test_build_trees_and_dependencies_are_left_alone(self):
        self.plant("build/x.cpp", "#include <caf/all.hpp>\n")
        self.plant("tests/README.md", "Holds tests.\n")
        self.plant("tests/end_to_end/node_modules/x.js", "x;\n" * 900)
        self.assertEqual(self.check(), (0, ""))

    def test_wrong_usage_ends_with_2(self):
        self.assertEqual(subprocess.run([sys.executable, PROGRAM, "--help-me"], capture_output=True, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()

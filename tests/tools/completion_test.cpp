#include "tools/switchyardctl/completion.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(completion)

using namespace switchyard::ctl;

namespace {

const command_tree program{"switchyardctl", "", {"--json"},
                           {{"status", "The node's state", {}, {}},
                            {"config", "The configuration", {}, {{"check", "Check a file", {"--strict"}, {}}}}}};

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_CASE(bash_offers_commands_then_their_own_words) {
  const auto script = completion_script(program, shell::bash);
  BOOST_TEST(holds(script, "'') choices='status config --json' ;;"));
  BOOST_TEST(holds(script, "' config') choices='check --json' ;;"));
  BOOST_TEST(holds(script, "' config check') choices='--strict --json' ;;"));
  BOOST_TEST(holds(script, "complete -o default -F _switchyardctl switchyardctl"));
}

BOOST_AUTO_TEST_CASE(zsh_offers_the_same) {
  const auto script = completion_script(program, shell::zsh);
  BOOST_TEST(script.starts_with("#compdef switchyardctl\n"));
  BOOST_TEST(holds(script, "' config') choices=(check --json) ;;"));
}

BOOST_AUTO_TEST_CASE(fish_quotes_descriptions_and_knows_the_level) {
  const auto script = completion_script(program, shell::fish);
  BOOST_TEST(holds(script, "-n '__fish_use_subcommand' -a status -d 'The node'\\''s state'"));
  BOOST_TEST(holds(script, "-n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from check' -a check"));
}

BOOST_AUTO_TEST_SUITE_END()

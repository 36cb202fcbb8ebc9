#include "config/shared_sections.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(shared_sections)

using namespace switchyard;
using namespace switchyard::config;

namespace {

const environment none = [](const std::string&) { return std::optional<std::string>(); };
const environment some = [](const std::string& name) { return name == "KEY" ? std::optional<std::string>("sk-from-this-node") : std::nullopt; };

switchyard::config::config local() {
  switchyard::config::config own;
  own.node.name = "yard-b";
  own.node.data_dir = "/var/b";
  own.server.listen.port = 1234;
  own.cluster.name = "yards";
  return own;
}

constexpr std::string_view whole = R"(# of yard-a
node: {name: yard-a, data_dir: /var/a}
server: {listen: "127.0.0.1:8080"}
providers:
  openai:
    keys:
      - {name: one, value: env.KEY, models: [gpt-4o]}
cache: {max_entries: 7}
)";

}  // namespace

BOOST_AUTO_TEST_CASE(shared_sections_come_from_the_text_and_a_nodes_own_from_the_node) {
  const auto loaded = load_shared(whole, "config", some, local());
  BOOST_REQUIRE(loaded.value.has_value());
  BOOST_TEST(loaded.value->node.name == "yard-b");
  BOOST_TEST(loaded.value->node.data_dir == "/var/b");
  BOOST_TEST(loaded.value->server.listen.port == 1234);
  BOOST_TEST(loaded.value->cluster.name == "yards");
  BOOST_TEST(loaded.value->cache.max_entries == 7u);
  BOOST_REQUIRE(loaded.value->providers.size() == 1u);
  BOOST_TEST(loaded.value->providers[0].keys[0].value.reveal() == "sk-from-this-node");
  BOOST_TEST((local_sections_of(whole) == std::vector<std::string>{"node", "server"}));
}

BOOST_AUTO_TEST_CASE(problems_are_at_their_place_in_the_text_and_those_of_other_nodes_sections_are_none) {
  const auto loaded = load_shared("admin: {token: env.NOT_HERE, nonsense: 1}\nproviders:\n  openai:\n    keyz: []\n", "config", none, local());
  BOOST_TEST(!loaded.value.has_value());
  BOOST_REQUIRE(loaded.problems.size() >= 1u);
  BOOST_TEST(loaded.problems.back().to_string().starts_with("config:4:5: providers.openai.keyz: "));
  for (const auto& problem : loaded.problems) BOOST_TEST(problem.key.find("admin") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_secret_that_this_node_does_not_have_is_a_problem_of_this_node) {
  BOOST_TEST(load_shared(whole, "config", some, local()).problems.empty());
  const auto without = load_shared(whole, "config", none, local());
  BOOST_REQUIRE(without.problems.size() == 1u);
  BOOST_TEST(without.problems[0].to_string().starts_with("config:7:"));
}

BOOST_AUTO_TEST_CASE(the_fingerprint_is_of_what_is_shared_and_of_nothing_else) {
  const auto mark = shared_fingerprint(whole);
  BOOST_TEST(mark.size() == 32u);
  BOOST_TEST((shared_fingerprint("cache:\n    max_entries: 7\nproviders: {openai: {keys: [{name: one, value: env.KEY, models: [gpt-4o]}]}}\nroutes:\n") == mark));
  BOOST_TEST((shared_fingerprint(std::string(whole) + "telemetry: {decision_log: {keep: 5}}\n") != mark));
  BOOST_TEST((shared_fingerprint("cache: {max_entries: 7}") != mark));
  BOOST_TEST((shared_fingerprint("") == shared_fingerprint("node: {name: x}")));
  BOOST_TEST(shared_fingerprint("a: [").empty());
}

BOOST_AUTO_TEST_SUITE_END()

#include "tools/switchyardctl/eval_route.hpp"

#include "tests/storage/scratch_folder.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

BOOST_AUTO_TEST_SUITE(eval_route_)

using namespace switchyard;
using namespace switchyard::ctl;
namespace json = boost::json;

namespace {

constexpr std::string_view config_text = R"(
providers:
  openai: {keys: [{value: env.SURELY_NOT_SET, models: [small, large]}]}
  anthropic: {keys: [{value: env.NEITHER_IS_THIS, models: [claude]}]}
routes:
  - name: topics
    aliases: [switchyard/topics]
    stages:
      - semantic:
          threshold: 0.3
          categories:
            - {name: code, examples: [Write a Python function that sorts a list, Implement binary search in C++], target: anthropic/claude}
            - {name: law, examples: ["What are my rights as a tenant?", "Is this clause enforceable?"], target: openai/large}
      - balance: {targets: [openai/small]}
  - name: tags
    stages:
      - intent: {rules: [{name: b, when: {tags.team: b, region: eu}, target: openai/large}]}
      - balance: {targets: [openai/small, {target: anthropic/claude, weight: 2}]}
)";

std::shared_ptr<const routing::route_entry> route(const std::string& name) {
  const storage::scratch_folder folder;
  std::ofstream(folder.path("c.yaml")) << config_text;
  static routing::model_shelf models;
  auto made = compile_offline(folder.path("c.yaml"), name, models);
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.failure().message));
  return *made;
}

json::value routed(const routing::route_entry& by, std::string_view line) {
  std::string to;
  const auto done = route_line(by, line, 3, to);
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.failure().message));
  return json::parse(to);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_worked_example_goes_to_the_code_model) {
  const auto answer = routed(*route("topics"), R"({"id":"x","prompt":"Write a Python function to calculate Fibonacci numbers recursively"})");
  BOOST_TEST(answer.at("id").as_string() == "x");
  BOOST_TEST(answer.at("target").as_string() == "anthropic/claude");
  BOOST_TEST(answer.at("category").as_string() == "code");
  BOOST_TEST(answer.at("reason").as_string().starts_with("semantic: category code "));
  BOOST_TEST(answer.at("scores").as_object().size() == 2u);
}

BOOST_AUTO_TEST_CASE(messages_count_by_their_last_user_turn) {
  const auto answer = routed(*route("switchyard/topics"), R"({"messages":[{"role":"user","content":"hello, how is the weather?"},{"role":"assistant","content":"fine"},
    {"role":"user","content":[{"type":"text","text":"What are my rights as a tenant if the heating fails?"}]}]})");
  BOOST_TEST(answer.at("id").as_int64() == 3);
  BOOST_TEST(answer.at("category").as_string() == "law");
}

BOOST_AUTO_TEST_CASE(what_fits_nothing_goes_where_balance_says_without_a_category) {
  const auto answer = routed(*route("topics"), R"({"prompt":"zxqv"})");
  BOOST_TEST(answer.at("target").as_string() == "openai/small");
  BOOST_TEST(!answer.as_object().contains("category"));
}

BOOST_AUTO_TEST_CASE(tags_and_region_are_read_from_the_line) {
  const auto by = route("tags");
  BOOST_TEST(routed(*by, R"({"prompt":"x","region":"eu","tags":{"team":"b"}})").at("target").as_string() == "openai/large");
  BOOST_TEST(routed(*by, R"({"prompt":"x","region":"us","tags":{"team":"b"}})").at("target").as_string() == "anthropic/claude");
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_request_is_refused_by_name) {
  const auto by = route("topics");
  std::string to;
  BOOST_TEST(!route_line(*by, "{", 1, to));
  BOOST_TEST(route_line(*by, R"({"text":"x"})", 1, to).failure().param == "prompt");
  BOOST_TEST(to.empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_route_is_named) {
  const storage::scratch_folder folder;
  std::ofstream(folder.path("c.yaml")) << config_text;
  routing::model_shelf models;
  const auto made = compile_offline(folder.path("c.yaml"), "nope", models);
  BOOST_TEST_REQUIRE(!made.has_value());
  BOOST_TEST(made.failure().message.find("has no route 'nope'") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

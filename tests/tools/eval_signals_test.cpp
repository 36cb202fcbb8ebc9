#include "tools/switchyardctl/eval_signals.hpp"

#include "routing/signals/signal_models.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(eval_signals)

using namespace switchyard;
using namespace switchyard::ctl;
namespace json = boost::json;

namespace {

const routing::signal_models& models() {
  static const auto loaded = routing::signal_models::load(std::string(SWITCHYARD_SOURCE_DIR) + "/models");
  BOOST_REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.failure().message));
  return **loaded;
}

json::object signals_of(std::string_view line) {
  std::string to;
  const auto made = signals_line(models(), line, 7, to);
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.failure().message));
  BOOST_TEST(to.ends_with("}\n"));
  return json::parse(to).as_object();
}

std::string refused(std::string_view line) {
  std::string to;
  const auto made = signals_line(models(), line, 7, to);
  return made ? "none" : made.failure().message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_prompt_gets_the_contract_s_shape) {
  const auto answer = signals_of(R"({"id":"q1","prompt":"Write a Python function that mails bob@example.com"})");
  BOOST_TEST(answer.at("id").as_string() == "q1");
  const auto& signals = answer.at("signals").as_object();
  BOOST_TEST(signals.at("domain").at("value").as_string() == "computer science");
  BOOST_TEST(signals.at("domain").at("scores").as_object().size() == 14u);
  BOOST_TEST(signals.at("complexity").is_double());
  BOOST_TEST(signals.at("format").as_string() == "code");
  BOOST_TEST(signals.at("language").as_string() == "en");
  const auto& spans = signals.at("safety").at("pii").at("spans").as_array();
  BOOST_REQUIRE_EQUAL(spans.size(), 1u);
  BOOST_TEST(spans[0].at("kind").as_string() == "email");
  BOOST_TEST(spans[0].at("start").as_int64() == 35);
  BOOST_TEST(spans[0].at("end").as_int64() == 50);
  BOOST_TEST(signals.at("safety").at("jailbreak").at("score").to_number<double>() < 0.5);
  BOOST_TEST(signals.at("safety").at("harmful").as_object().contains("score"));
  BOOST_TEST(signals.at("tokens").at("input").as_int64() > 5);
  BOOST_TEST(signals.at("tokens").at("output").as_int64() > 50);
  BOOST_TEST(signals.at("turns").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(spans_count_characters) {
  const auto answer = signals_of(R"({"prompt":"Grüße, ö: bob@example.com"})");
  BOOST_TEST(answer.at("id").as_int64() == 7);
  const auto& span = answer.at("signals").at("safety").at("pii").at("spans").at(0);
  BOOST_TEST(span.at("start").as_int64() == 10);
  BOOST_TEST(span.at("end").as_int64() == 25);
}

BOOST_AUTO_TEST_CASE(messages_may_be_texts_or_parts_and_say_which_turn) {
  const auto answer = signals_of(
      R"({"id":3,"messages":[{"role":"system","content":"be kind"},{"role":"user","content":[{"type":"text","text":"call me: bob@example.com"},)"
      R"({"type":"image_url","image_url":{"url":"x"}}]},{"role":"assistant","content":null,"tool_calls":[]}],"tools":[{},{}],)"
      R"("response_format":{"type":"json_object"},"max_tokens":20})");
  BOOST_TEST(answer.at("id").as_int64() == 3);
  const auto& signals = answer.at("signals").as_object();
  BOOST_TEST(signals.at("turns").as_int64() == 3);
  BOOST_TEST(signals.at("tools").as_int64() == 2);
  BOOST_TEST(signals.at("images").as_int64() == 1);
  BOOST_TEST(signals.at("format").as_string() == "json");
  BOOST_TEST(signals.at("tokens").at("output").as_int64() <= 20);
  BOOST_TEST(signals.at("safety").at("pii").at("spans").at(0).at("turn").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(problems_name_the_field) {
  BOOST_TEST(refused("{\"prompt\":3}") == "prompt: expected a string");
  BOOST_TEST(refused("{}") == "prompt: expected a string (or messages: a list)");
  BOOST_TEST(refused(R"({"messages":[{"role":"god","content":"x"}]})") == "messages[0].role: expected system, developer, user, assistant or tool");
  BOOST_TEST(refused(R"({"messages":[]})") == "messages: expected at least one message");
  BOOST_TEST(refused("[1]") == "expected an object");
  BOOST_TEST(refused("{") != "none");
}

BOOST_AUTO_TEST_SUITE_END()

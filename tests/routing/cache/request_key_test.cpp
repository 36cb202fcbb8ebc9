#include "routing/cache/request_key.hpp"

#include "base/random.hpp"
#include "providers/registry.hpp"
#include "providers/wire.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <tuple>

BOOST_AUTO_TEST_SUITE(request_key_)

using namespace switchyard;
using namespace switchyard::routing;
using providers::api;

namespace {

request_key key(const std::string& body, cache_place where = {"virtual_key", "team-a", "auto", "", 1}, api operation = api::chat_completions) {
  static std::map<std::string, std::string> kept;   // with the padding that parsers want
  auto& text = kept[body];
  text = body;
  text.reserve(body.size() + 64);
  const auto request = providers::ingress_of(operation).parse(providers::operation_target{.operation = operation, .model = operation == api::generate_content || operation == api::converse ? "m" : ""}, text);
  BOOST_REQUIRE_MESSAGE(request, (request ? "" : request.failure().message) << " in " << body);
  const auto made = key_of(*request, where);
  BOOST_REQUIRE(made.has_value());
  return *made;
}

std::string chat(const std::string& text, const std::string& more = "") {
  return R"({"model":"auto","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":")" + text + R"("}])" + more + "}";
}

}  // namespace

BOOST_AUTO_TEST_CASE(order_of_members_and_white_space_do_not_matter) {
  const auto one = key(R"({"model":"auto","temperature":1.0,"messages":[{"role":"user","content":"hi\u0021"}]})");
  const auto other = key("{ \"messages\" : [ {\"content\":\"hi!\", \"role\":\"user\"} ],\n \"temperature\": 1, \"model\":\"auto\" }");
  BOOST_TEST((one.exact == other.exact));
  BOOST_TEST((one.partition == other.partition));
}

BOOST_AUTO_TEST_CASE(how_the_answer_is_delivered_does_not_matter) {
  BOOST_TEST((key(chat("hi")).exact == key(chat("hi", R"(,"stream":true,"stream_options":{"include_usage":true})")).exact));
}

BOOST_AUTO_TEST_CASE(the_last_turn_stands_outside_the_partition_and_everything_else_inside) {
  const auto base = key(chat("hi"));
  BOOST_TEST(base.prompt.value() == "hi");
  const auto other = key(chat("ho"));
  BOOST_TEST((base.partition == other.partition));
  BOOST_TEST((base.exact != other.exact));
  for (const auto* more : {R"(,"temperature":0.5)", R"(,"top_p":0.5)", R"(,"max_tokens":5)", R"(,"tools":[{"type":"function","function":{"name":"f"}}])",
                           R"(,"response_format":{"type":"json_object"})", R"(,"seed":1)", R"(,"user":"u")", R"(,"n":2)"})
    BOOST_TEST((key(chat("hi", more)).partition != base.partition), more);
  BOOST_TEST((key(R"({"model":"auto","messages":[{"role":"system","content":"Be long."},{"role":"user","content":"hi"}]})").partition != base.partition));
  BOOST_TEST((key(R"({"model":"auto","messages":[{"role":"user","content":"hi"}]})").partition != base.partition));
  BOOST_TEST((key(R"({"model":"auto","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"hi"}]})").partition !=
              key(R"({"model":"auto","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"c"},{"role":"user","content":"hi"}]})").partition));
}

BOOST_AUTO_TEST_CASE(an_equal_text_elsewhere_is_not_taken_for_the_prompt) {
  const auto one = key(R"({"model":"m","messages":[{"role":"system","content":"hi"},{"role":"user","content":"hi"}]})");
  const auto other = key(R"({"model":"m","messages":[{"role":"system","content":"ho"},{"role":"user","content":"hi"}]})");
  BOOST_TEST((one.partition != other.partition));
}

BOOST_AUTO_TEST_CASE(tenant_route_target_scope_and_embedding_part) {
  const cache_place base{"virtual_key", "team-a", "auto", "", 1};
  for (const auto& other : {cache_place{"virtual_key", "team-b", "auto", "", 1}, cache_place{"route", "", "auto", "", 1}, cache_place{"virtual_key", "team-a", "b", "", 1},
                            cache_place{"virtual_key", "team-a", "auto", "openai/x", 1}, cache_place{"virtual_key", "team-a", "auto", "", 2},
                            cache_place{"virtual_key", "team-aauto", "", "", 1}})
    BOOST_TEST((key(chat("hi"), base).partition != key(chat("hi"), other).partition));
}

BOOST_AUTO_TEST_CASE(only_a_plain_last_user_turn_may_be_compared) {
  BOOST_TEST(!key(R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]})").prompt);
  BOOST_TEST(!key(R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"http://x/y.png"}}]}]})").prompt);
  BOOST_TEST(key(R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]})").prompt.value() == "a");
}

BOOST_AUTO_TEST_CASE(every_format_has_its_last_turn) {
  const cache_place here{"route", "", "r", "", 1};
  BOOST_TEST(key(R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]})", here, api::messages).prompt.value() == "hi");
  BOOST_TEST(key(R"({"model":"m","input":"hi"})", here, api::responses).prompt.value() == "hi");
  BOOST_TEST(key(R"({"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]})", here, api::responses).prompt.value() == "hi");
  BOOST_TEST(key(R"({"model":"m","prompt":"hi"})", here, api::completions).prompt.value() == "hi");
  BOOST_TEST(key(R"({"contents":[{"parts":[{"text":"hi"}]}]})", here, api::generate_content).prompt.value() == "hi");
  BOOST_TEST(key(R"({"messages":[{"role":"user","content":[{"text":"hi"}]}]})", here, api::converse).prompt.value() == "hi");
  BOOST_TEST(!key(R"({"model":"m","input":"hi"})", here, api::embeddings).prompt);
}

BOOST_AUTO_TEST_CASE(no_two_tenants_ever_share_a_partition) {
  random_source random(20261126);
  std::map<cache_hash, std::tuple<std::string, std::string, std::string>> seen;
  const std::string tenants[] = {"", "a", "ab", "b", "a:1", "1:a"}, routes[] = {"", "a", "b", "auto"}, systems[] = {"", "a", "P", "{", "s1:a"};
  for (int i = 0; i < 3000; ++i) {
    const auto &tenant = tenants[random.below(6)], &route = routes[random.below(4)], &system = systems[random.below(5)];
    const auto made = key(R"({"model":"m","messages":[{"role":"system","content":")" + system + R"("},{"role":"user","content":"q)" + std::to_string(random.below(50)) + R"("}]})",
                          {"virtual_key", tenant, route, "", 1});
    const auto [at, fresh] = seen.try_emplace(made.partition, tenant, route, system);
    BOOST_REQUIRE((at->second == std::tuple(tenant, route, system)));
  }
  BOOST_TEST(seen.size() == 6u * 4u * 5u);
}

BOOST_AUTO_TEST_SUITE_END()

#include "tools/switchyardctl/json_text.hpp"
#include "tools/switchyardctl/views.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(views)

using namespace switchyard::ctl;
namespace json = boost::json;

namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

using view = std::string (*)(const json::value&, const table_style&);
constexpr view all_views[] = {show_status, show_nodes,     show_keys,  show_breakers,    show_limits,       show_routes,
                              show_spend,  show_decisions, show_trace, show_explanation, show_virtual_keys, show_decision_line,
                              show_savings};

}  // namespace

BOOST_AUTO_TEST_CASE(keys_show_weight_health_breaker_and_what_is_left) {
  const auto answer = json::parse(R"({"keys":[{"provider":"openai","key":"k1","region":"","weight":0.7,"effective_weight":0.35,
    "models":["gpt-4o","gpt-4o-mini"],"in_flight":3,"max_in_flight":64,"breaker":"half_open","parked":true,
    "parked_for":"retry_after","parked_ms":2500,"latency_ms":12.34,"success_rate":0.934,"calls":1000,"failures":66,
    "rate_limited":2,"rpm":{"limit":500,"remaining":498.4},"tpm":{"limit":null,"remaining":null},"headroom":1.0}]})");
  BOOST_TEST(show_keys(answer, {}) ==
             "PROVIDER  KEY  REGION  WEIGHT  EFFECTIVE  BREAKER    PARKED            IN FLIGHT  LATENCY  SUCCESS  CALLS  FAILED  429S"
             "  RPM LEFT  TPM LEFT  MODELS\n"
             "openai    k1   -          0.7       0.35  half_open  retry_after 2.5s       3/64   12.3ms    93.4%   1000      66     2"
             "       498         -  gpt-4o, gpt-4o-mini\n");
}

BOOST_AUTO_TEST_CASE(a_key_without_calls_has_no_success_rate_and_no_latency) {
  const auto shown = show_keys(json::parse(R"([{"key":"k1","success_rate":1.0,"calls":0,"latency_ms":0.0}])"), {});
  BOOST_TEST(!holds(shown, "100%"));
  BOOST_TEST(!holds(shown, "0us"));
}

BOOST_AUTO_TEST_CASE(a_list_may_come_bare_or_wrapped) {
  const auto bare = json::parse(R"([{"name":"yard-a","state":"alive"}])");
  const auto wrapped = json::parse(R"({"nodes":[{"name":"yard-a","state":"alive"}]})");
  BOOST_TEST(show_nodes(bare, {}) == show_nodes(wrapped, {}));
  BOOST_TEST(holds(show_nodes(bare, {}), "yard-a  alive"));
}

BOOST_AUTO_TEST_CASE(any_answer_whatsoever_is_shown_without_failing) {
  for (const auto* text : {"null", "1", "\"x\"", "[]", "{}", "[1,null,{}]", R"({"keys":{"a":1},"actors":5})",
                           R"({"decisions":[{"attempts":3,"status":"x","at":7}],"groups":[{}],"total":3,"stages":[1]})",
                           R"({"keys":[{"weight":"heavy","parked":"no","success_rate":"x","rpm":7,"models":[[1],{"a":2}]}]})"})
    for (const auto show : all_views) BOOST_TEST(show(json::parse(text), {}).ends_with('\n'), text);
}

BOOST_AUTO_TEST_CASE(missing_fields_show_as_a_dash) {
  BOOST_TEST(show_limits(json::parse(R"([{"scope":"key","name":null}])"), {}) ==
             "SCOPE  PROVIDER  NAME  KIND  LIMIT  USED  LEFT  RESETS\nkey    -         -     -         -     -     -  -\n");
}

BOOST_AUTO_TEST_CASE(status_lists_the_node_and_its_actors) {
  const auto shown = show_status(json::parse(R"({"node":"yard-a","version":"0.1.0","uptime_s":3725,"connections":4,
    "keys":3,"keys_usable":2,"yard_version":9,"actors":[{"name":"key openai/k1","kind":"key","state":"ok","mailbox":0}]})"), {});
  BOOST_TEST(shown ==
             "node     yard-a\nversion  0.1.0\nup       1h 2m\nclients  4\nyard     9\nkeys     2 of 3 usable\n\n"
             "ACTOR          KIND  MAILBOX  STATE\nkey openai/k1  key         0  ok\n");
}

BOOST_AUTO_TEST_CASE(a_node_that_cannot_apply_the_configuration_is_named_with_the_reason) {
  const auto problem = std::string("config_problem\":\"config:4:30: providers.openai.keys: env.K is not set\\nand more");
  const auto words = " cannot apply the cluster's configuration and goes on with its old one:\n  config:4:30: providers.openai.keys: env.K is not set\n  and more\n";
  const auto nodes = show_nodes(json::parse("{\"nodes\":[{\"name\":\"a\",\"config_problem\":null},{\"name\":\"b\",\"" + problem + "\"}]}"), {});
  BOOST_TEST(holds(nodes, std::string("b") + words));
  BOOST_TEST(!holds(nodes, "a cannot"));
  BOOST_TEST(holds(show_status(json::parse("{\"node\":\"b\",\"actors\":[],\"" + problem + "\"}"), {}), std::string("b") + words));
  BOOST_TEST(holds(show_status(json::parse("{\"nodes\":[{\"node\":\"a\"},{\"node\":\"b\",\"" + problem + "\"}],\"actors\":[]}"), {}), std::string("b") + words));
}

BOOST_AUTO_TEST_CASE(routes_show_stages_targets_and_fallbacks) {
  const auto shown = show_routes(json::parse(R"({"routes":[{"name":"auto","aliases":["a"],"stages":[{"kind":"balance"},{"kind":"fallback"}],
    "strategy":"adaptive","targets":["openai/x",{"target":"openai/y","weight":0.05}],"fallbacks":[]}]})"), {});
  BOOST_TEST(holds(shown, "auto   a        adaptive  balance > fallback  openai/x, openai/y (0.05)  -\n"));
}

BOOST_AUTO_TEST_CASE(a_trace_lists_every_attempt) {
  const auto shown = show_trace(json::parse(R"({"request_id":"r1","status":200,"reason":"weighted","duration_us":15300,"attempts":[
    {"provider":"openai","model":"x","key":"k1","result":"server_error","status":503,"problem":"HTTP 503"},
    {"provider":"openai","model":"x","key":"k2","result":"ok","status":200,"first_byte_us":800}]})"), {});
  BOOST_TEST(holds(shown, "took           15.3ms\n"));
  BOOST_TEST(holds(shown, "openai/x  k1   server_error     503           -     -  HTTP 503\n"));
  BOOST_TEST(holds(shown, "openai/x  k2   ok               200       800us     -  -\n"));
}

BOOST_AUTO_TEST_CASE(an_explanation_says_why_candidates_are_out) {
  const auto shown = show_explanation(json::parse(R"({"route":"auto","target":"openai/x","reason":"weighted",
    "stages":[{"name":"balance","kind":"balance","verdict":"chose","reason":"0.7","took_us":3}],
    "candidates":[{"provider":"openai","model":"x","key":"k2","weight":0.3,"excluded_because":"breaker open"}],
    "signals":{"domain":{"value":"law","confidence":0.81,"scores":{"law":0.81},"took_us":3},"safety":{"pii":{"score":0.9,"kinds":{"email":1}}},
      "tokens":{"input":12,"took_us":1},"turns":1},"estimate":{"input_tokens":12,"output_tokens":null,"cost_usd":"0.000030000"}})"), {});
  BOOST_TEST(holds(shown, "openai/x   k2      0.3  breaker open\n"));
  BOOST_TEST(holds(shown, "input tokens   12\n"));
  BOOST_TEST(holds(shown, "cost usd       0.000030000\n"));
  BOOST_TEST(holds(shown, "domain        law          0.81   3us  -\n"));
  BOOST_TEST(holds(shown, "safety.pii    0.9"));
  BOOST_TEST(holds(shown, "{\"email\":1}\n"));
  BOOST_TEST(holds(shown, "tokens.input  12              -     -  -\nturns         1"));
}

BOOST_AUTO_TEST_CASE(spend_ends_with_the_total) {
  const auto shown = show_spend(json::parse(R"({"by":"model","groups":[{"name":"openai/x","requests":2,"cost_usd":"0.5"}],
    "total":{"requests":2,"cost_usd":"0.5"}})"), {});
  BOOST_TEST(holds(shown, "MODEL "));
  BOOST_TEST(holds(shown, "\ntotal "));
}

BOOST_AUTO_TEST_CASE(names_from_the_node_cannot_steer_the_terminal) {
  const auto evil = json::parse(R"({"node":"\u001b[2Jx","actors":[{"name":"\u001b]0;x\u0007"}],"signals":{"\u001b[1m":"\u001b[1m"}})");
  for (const auto show : all_views) BOOST_TEST(!holds(show(evil, {}), "\x1b"));
}

BOOST_AUTO_TEST_CASE(error_messages_are_found_in_every_shape) {
  BOOST_TEST(error_message_of(R"({"error":{"message":"no route","code":"x"}})") == "no route");
  BOOST_TEST(error_message_of(R"({"error":"no"})") == "no");
  BOOST_TEST(error_message_of("<html>").empty());
}

BOOST_AUTO_TEST_CASE(figures_are_short) {
  BOOST_TEST(short_number(0.70) == "0.7");
  BOOST_TEST(short_number(12.0) == "12");
  BOOST_TEST(short_number(100.0, 0) == "100");
  BOOST_TEST(short_number(-0.001) == "0");
  BOOST_TEST(short_duration(850) == "850us");
  BOOST_TEST(short_duration(12'340) == "12.3ms");
  BOOST_TEST(short_duration(4.2e6) == "4.2s");
  BOOST_TEST(short_duration(185e6) == "3m 5s");
  BOOST_TEST(short_duration(4 * 86400e6 + 3 * 3600e6) == "4d 3h");
  BOOST_TEST(short_duration(1e300) == ">3000y");
  BOOST_TEST(percent(0.934) == "93.4%");
  BOOST_TEST(clock_of("2025-11-24T12:38:31.204Z") == "12:38:31.204");
  BOOST_TEST(clock_of("yesterday") == "yesterday");
}

BOOST_AUTO_TEST_CASE(json_is_indented) {
  BOOST_TEST(indented_json(json::parse(R"({"a":[0.5,{}],"b":[]})")) == "{\n  \"a\": [\n    0.5,\n    {}\n  ],\n  \"b\": []\n}");
}

BOOST_AUTO_TEST_SUITE_END()

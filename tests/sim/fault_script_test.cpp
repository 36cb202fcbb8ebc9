#include "tools/sim/fault_script.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(fault_script)

namespace sy = switchyard::sim;

BOOST_AUTO_TEST_CASE(a_rule_meets_only_its_key_model_and_path) {
  sy::fault_script script;
  BOOST_REQUIRE(script.load(R"({"faults":[{"kind":"status","status":503,"key":"a","model":"m","path":"/v1/x"}]})"));
  BOOST_TEST(script.decide("a", "m", "/v1/x").fault->status == 503);
  BOOST_TEST(!script.decide("b", "m", "/v1/x").fault);
  BOOST_TEST(!script.decide("a", "n", "/v1/x").fault);
  BOOST_TEST(!script.decide("a", "m", "/v1/y").fault);
}

BOOST_AUTO_TEST_CASE(next_counts_down_and_then_the_rule_rests) {
  sy::fault_script script;
  BOOST_REQUIRE(script.load(R"({"faults":[{"kind":"rate_limited","next":2}]})"));
  BOOST_TEST(script.decide("", "", "").fault.has_value());
  BOOST_TEST(script.decide("", "", "").fault.has_value());
  BOOST_TEST(!script.decide("", "", "").fault.has_value());
}

BOOST_AUTO_TEST_CASE(latency_adds_up_and_lets_the_next_rule_speak) {
  sy::fault_script script;
  BOOST_REQUIRE(script.load(R"({"faults":[{"kind":"latency","latency_ms":5},{"kind":"headers","headers":{"x-a":"1"}},{"kind":"blackhole","latency_ms":7}]})"));
  const auto decided = script.decide("", "", "");
  BOOST_TEST(decided.latency.count() == 12);
  BOOST_TEST(decided.headers.size() == 1u);
  BOOST_TEST((decided.fault->kind == sy::fault_kind::blackhole));
}

BOOST_AUTO_TEST_CASE(equal_seeds_draw_equal_faults_at_the_given_rate) {
  sy::fault_script first, second;
  const std::string_view rules = R"({"seed":9,"faults":[{"kind":"status","probability":0.3}]})";
  BOOST_REQUIRE(first.load(rules));
  BOOST_REQUIRE(second.load(rules));
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    const bool hit = first.decide("", "", "").fault.has_value();
    BOOST_REQUIRE(hit == second.decide("", "", "").fault.has_value());
    hits += hit;
  }
  BOOST_TEST(hits > 2800);
  BOOST_TEST(hits < 3200);
}

BOOST_AUTO_TEST_CASE(a_bad_script_changes_nothing) {
  sy::fault_script script;
  BOOST_REQUIRE(script.load(R"({"faults":[{"kind":"status","status":500}]})"));
  for (const char* bad : {"", "[]", "{}", R"({"faults":[{}]})", R"({"faults":[{"kind":"nonsense"}]})", R"({"faults":[{"kind":"status","stauts":1}]})", R"({"faults":[{"kind":"status","status":-1}]})"}) {
    BOOST_TEST(!script.load(bad));
  }
  BOOST_TEST(script.decide("", "", "").fault->status == 500);
}

BOOST_AUTO_TEST_SUITE_END()

#include "tools/sim/received_log.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(received_log)

namespace json = boost::json;
namespace sy = switchyard::sim;

BOOST_AUTO_TEST_CASE(what_each_key_received_is_counted_apart) {
  sy::received_log log;
  const switchyard::header headers[] = {{"x-a", "1"}};
  log.begin("a", "/v1/x", headers, "{}");
  log.begin("b", "/v1/x", headers, "{}");
  log.end({"a", "m", 200, 3, 4, false});
  log.end({"b", "m", 500, 0, 0, true});
  const auto v = json::parse(log.to_json(true));
  BOOST_TEST(v.at("total").at("requests").to_number<int>() == 2);
  BOOST_TEST(v.at("total").at("in_flight").to_number<int>() == 0);
  BOOST_TEST(v.at("keys").at("a").at("output_tokens").to_number<int>() == 4);
  BOOST_TEST(v.at("keys").at("b").at("aborted").to_number<int>() == 1);
  BOOST_TEST(v.at("keys").at("b").at("statuses").at("500").to_number<int>() == 1);
  BOOST_TEST(v.at("requests").at(0).at("headers").at("x-a").as_string() == "1");
}

BOOST_AUTO_TEST_CASE(a_reset_forgets_counts_but_not_what_is_in_flight) {
  sy::received_log log;
  log.begin("a", "/v1/x", {}, "");
  log.clear();
  const auto v = json::parse(log.to_json(false));
  BOOST_TEST(v.at("total").at("requests").to_number<int>() == 0);
  BOOST_TEST(v.at("total").at("in_flight").to_number<int>() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

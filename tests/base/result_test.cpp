#include "base/result.hpp"
#include "base/header.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(results)

using namespace switchyard;

BOOST_AUTO_TEST_CASE(a_result_is_a_value_or_an_error) {
  const result<int> good = 3;
  BOOST_TEST(good.has_value());
  BOOST_TEST(*good == 3);
  const result<int> bad = client_error(error_code::unknown_model, "no such model", "model");
  BOOST_TEST(!bad.has_value());
  BOOST_TEST(bad.failure().param == "model");
}

BOOST_AUTO_TEST_CASE(codes_have_the_contracts_names_and_statuses) {
  BOOST_TEST(to_string(error_code::no_healthy_upstream) == "no_healthy_upstream");
  BOOST_TEST(http_status(error_code::invalid_json) == 400);
  BOOST_TEST(http_status(error_code::invalid_api_key) == 401);
  BOOST_TEST(http_status(error_code::budget_exceeded) == 402);
  BOOST_TEST(http_status(error_code::model_not_allowed) == 403);
  BOOST_TEST(http_status(error_code::unknown_model) == 404);
  BOOST_TEST(http_status(error_code::rate_limited) == 429);
  BOOST_TEST(http_status(error_code::upstream_timeout) == 504);
  error large = client_error(error_code::invalid_request, "too large");
  large.status = 413;
  BOOST_TEST(http_status(large) == 413);
}

BOOST_AUTO_TEST_CASE(header_names_compare_without_case) {
  const std::vector<header> headers = {{"Content-Type", "a"}, {"X-B", "c"}};
  BOOST_TEST(find_header(headers, "content-type") == "a");
  BOOST_TEST((find_header(headers, "x-c").data() == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

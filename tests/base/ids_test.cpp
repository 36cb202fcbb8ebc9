#include "base/ids.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

BOOST_AUTO_TEST_SUITE(ids)

using namespace switchyard;

BOOST_AUTO_TEST_CASE(a_request_id_is_a_version_7_uuid_that_sorts_by_time) {
  random_source random(1);
  const wall_time early{milliseconds(1'700'000'000'000)};
  const auto a = request_id::make(early, random).to_string();
  const auto b = request_id::make(early + milliseconds(1), random).to_string();
  BOOST_TEST(a.size() == 36u);
  BOOST_TEST(a[14] == '7');
  BOOST_TEST(std::string("89ab").find(a[19]) != std::string::npos);
  BOOST_TEST(a < b);
}

BOOST_AUTO_TEST_CASE(ids_do_not_repeat) {
  random_source random(7);
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(request_id::make(wall_time{}, random).to_string());
  BOOST_TEST(seen.size() == 10'000u);
}

BOOST_AUTO_TEST_CASE(an_id_parses_back_and_other_text_does_not) {
  random_source random(3);
  const auto id = request_id::make(wall_time{milliseconds(5)}, random);
  request_id parsed;
  BOOST_REQUIRE(request_id::parse(id.to_string(), parsed));
  BOOST_TEST((parsed == id));
  for (const char* text : {"", "x", "0190163d-8694-739b-aea5-966c26f8ad9", "0190163d-8694-739b-aea5-966c26f8ad9g", "0190163d18694-739b-aea5-966c26f8ad91"})
    BOOST_TEST(!request_id::parse(text, parsed), text);
}

BOOST_AUTO_TEST_SUITE_END()

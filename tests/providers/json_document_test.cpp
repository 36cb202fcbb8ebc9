#include "providers/json_document.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(json_document)

using namespace switchyard::providers;

namespace {

std::string fault_of(const std::string& text) {
  json::document document;
  return document.parse_copy(text) ? "" : document.fault();
}

std::string nested(std::size_t depth, const std::string& inside) {
  return std::string(depth, '[') + inside + std::string(depth, ']');
}

}  // namespace

BOOST_AUTO_TEST_CASE(sixty_four_levels_pass_and_one_more_does_not) {
  BOOST_TEST(fault_of(nested(64, "")) == "");
  BOOST_TEST(fault_of(nested(64, "1")) == "");
  BOOST_TEST(fault_of(nested(63, "{\"a\":1}")) == "");
  BOOST_TEST(fault_of(nested(65, "")) != "");
  BOOST_TEST(fault_of(nested(64, "{}")) != "");
  BOOST_TEST(fault_of(nested(65, "1")).find("deep") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_million_open_brackets_are_just_too_deep) {
  BOOST_TEST(fault_of(std::string(1'000'000, '[')).find("deep") != std::string::npos);
  BOOST_TEST(fault_of("[1]") == "");
}

BOOST_AUTO_TEST_CASE(a_fault_names_its_byte) {
  BOOST_TEST(fault_of("{\"a\":1,}").find("at byte 7") != std::string::npos);
  BOOST_TEST(fault_of("{} x").find("at byte 3") != std::string::npos);
  BOOST_TEST(fault_of("{\"a\":\"\xFF\"}").find("at byte 6") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(lone_surrogates_are_refused_and_pairs_are_not) {
  for (const std::string text : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud83d\u0041")", R"("\ud83dx")", R"({"\udfff":1})"})
    BOOST_TEST(fault_of(text) != "", text);
  for (const std::string text : {R"("\ud83d\ude00")", R"("\\ud800")", R"("\\\ud83d\ude00\n\u0041")"}) BOOST_TEST(fault_of(text) == "", text);
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_refused) {
  for (const std::string text : {"1e999", "-1e999", "123456789012345678901234", "01", "1.", "+1", "NaN"}) BOOST_TEST(fault_of(text) != "", text);
  for (const std::string text : {"1e308", "18446744073709551615", "-9223372036854775808", "0.1e-400"}) BOOST_TEST(fault_of(text) == "", text);
}

BOOST_AUTO_TEST_CASE(a_big_text_does_not_spoil_the_small_one_after_it) {
  BOOST_TEST(fault_of("[\"" + std::string(6u << 20, 'x') + "\"]") == "");
  BOOST_TEST(fault_of("{\"a\":[1,2,3]}") == "");
}

BOOST_AUTO_TEST_SUITE_END()

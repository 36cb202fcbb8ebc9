#include "tools/sim/schema_value.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(schema_value)

namespace json = boost::json;

namespace {

json::value made(std::string_view schema, std::string_view prompt = "Tell me about the weather in Paris") {
  switchyard::random_source random(7);
  return switchyard::sim::make_value(json::parse(json::string_view(schema.data(), schema.size())), prompt, random);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_type_gets_a_value_of_that_type) {
  BOOST_TEST(made(R"({"type":"string"})").is_string());
  BOOST_TEST(made(R"({"type":"integer"})").is_int64());
  BOOST_TEST(made(R"({"type":"number"})").is_double());
  BOOST_TEST(made(R"({"type":"boolean"})").is_bool());
  BOOST_TEST(made(R"({"type":"null"})").is_null());
  BOOST_TEST(made(R"({"type":["null","integer"]})").is_int64());
  BOOST_TEST(made(R"({"type":"array","items":{"type":"integer"}})").as_array().at(0).is_int64());
}

BOOST_AUTO_TEST_CASE(bounds_are_kept) {
  const auto n = made(R"({"type":"integer","minimum":5,"maximum":6})").as_int64();
  BOOST_TEST((n == 5 || n == 6));
  BOOST_TEST(made(R"({"type":"integer","exclusiveMinimum":3,"exclusiveMaximum":5})").as_int64() == 4);
  BOOST_TEST(made(R"({"type":"integer","minimum":1,"multipleOf":10,"maximum":10})").as_int64() == 10);
  BOOST_TEST(made(R"({"type":"array","minItems":4,"items":{"type":"string"}})").as_array().size() == 4u);
  BOOST_TEST(made(R"({"type":"string","minLength":50})").as_string().size() >= 50u);
  BOOST_TEST(made(R"({"type":"string","maxLength":2})").as_string().size() <= 2u);
}

BOOST_AUTO_TEST_CASE(an_enum_value_that_the_prompt_names_is_chosen) {
  BOOST_TEST(made(R"({"enum":["rome","paris","oslo"]})").as_string() == "paris");
  BOOST_TEST(made(R"({"const":42})").as_int64() == 42);
}

BOOST_AUTO_TEST_CASE(required_and_nested_properties_are_there) {
  const auto v = made(R"({"type":"object","required":["a","b"],"properties":{"a":{"type":"string"},"b":{"type":"object","properties":{"c":{"type":"array","items":{"type":"number"}}}}}})");
  BOOST_TEST(v.at("a").is_string());
  BOOST_TEST(v.at("b").at("c").is_array());
}

BOOST_AUTO_TEST_CASE(references_are_followed_and_recursion_ends) {
  const auto v = made(R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","required":["name"],
                          "properties":{"name":{"type":"string"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}}}}})");
  BOOST_TEST(v.at("name").is_string());
}

BOOST_AUTO_TEST_CASE(parts_of_all_of_come_together) {
  const auto v = made(R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}}},{"properties":{"b":{"type":"boolean"}}}]})");
  BOOST_TEST(v.at("a").is_int64());
  BOOST_TEST(v.at("b").is_bool());
}

BOOST_AUTO_TEST_SUITE_END()

#include "providers/gemini/schema.hpp"
#include "tests/providers/gemini/samples.hpp"

BOOST_AUTO_TEST_SUITE(gemini_schemas)

using namespace switchyard::providers;

namespace {

std::string to_openapi(std::string_view schema, std::string* lost_names = nullptr) {
  std::string text;
  json::out out(text);
  std::vector<std::string> lost;
  gemini::write_openapi_schema(schema, out, lost);
  if (lost_names != nullptr)
    for (const auto& name : lost) *lost_names += name + " ";
  return text;
}

std::string to_json_schema(std::string_view schema) {
  neutral::arena texts;
  return std::string(gemini::to_json_schema(schema, texts));
}

}  // namespace

BOOST_AUTO_TEST_CASE(openapi_becomes_json_schema) {
  BOOST_TEST(to_json_schema(R"({"type":"OBJECT","nullable":true,"properties":{"type":{"type":"STRING","enum":["A"]},)"
      R"("n":{"type":"ARRAY","items":{"type":"NUMBER"},"min_items":"2"}},)"
                            R"("required":["n"],"propertyOrdering":["n"],"any_of":[{"type":"INTEGER","format":"int32"}]})") ==
             R"({"type":["object","null"],"properties":{"type":{"type":"string","enum":["A"]},"n":{"type":"array",)"
             R"("items":{"type":"number"},"minItems":2}},)"
             R"("required":["n"],"anyOf":[{"type":"integer","format":"int32"}]})");
  const std::string schema = R"({"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"const":3}},)"
      R"("additionalProperties":false})";
  BOOST_TEST(to_json_schema(schema) == schema);
}

BOOST_AUTO_TEST_CASE(references_are_written_out) {
  BOOST_TEST(to_openapi(R"({"type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"mine"},)"
      R"("b":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string","description":"theirs"}}})") ==
             R"({"type":"OBJECT","properties":{"a":{"description":"mine","type":"STRING"},"b":{"type":"STRING","description":"theirs"}}})");
}

BOOST_AUTO_TEST_CASE(a_recursive_schema_comes_to_an_end) {
  std::string lost;
  const auto text = to_openapi(R"({"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{"l":{"$ref":"#/$defs/N"},)"
      R"("r":{"$ref":"#/$defs/N"}}}}})", &lost);
  BOOST_TEST(lost == "$ref ");
  BOOST_TEST(test::is_json(text));
  BOOST_TEST(text.size() < 100'000u);
  BOOST_TEST(test::is_json(to_openapi(R"({"$ref":"#"})")));
  BOOST_TEST(test::is_json(to_openapi(R"({"$ref":"#/nowhere"})")));
}

BOOST_AUTO_TEST_CASE(alternatives_with_null_are_nullable) {
  BOOST_TEST(to_openapi(R"({"anyOf":[{"type":"string"},{"type":"null"}],"default":null,"description":"d","title":"T"})") ==
             R"({"type":"STRING","default":null,"description":"d","nullable":true})");
  BOOST_TEST(to_openapi(R"({"oneOf":[{"type":"string"},{"type":"integer"},)"
      R"({"type":"null"}]})") == R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}],"nullable":true})");
  BOOST_TEST(to_openapi(R"({"type":["string","integer"]})") == R"({"anyOf":[{"type":"STRING"},{"type":"INTEGER"}]})");
}

BOOST_AUTO_TEST_CASE(constants_and_lists_are_strings_or_lost) {
  std::string lost;
  BOOST_TEST(to_openapi(R"({"const":"a"})", &lost) == R"({"type":"STRING","enum":["a"]})");
  BOOST_TEST(to_openapi(R"({"enum":["a","b",null]})", &lost) == R"({"type":"STRING","enum":["a","b"],"nullable":true})");
  BOOST_TEST(lost == "");
  BOOST_TEST(to_openapi(R"({"type":"integer","enum":[1,2]})", &lost) == R"({"type":"INTEGER"})");
  BOOST_TEST(to_openapi(R"({"type":"string","format":"uuid","not":{},"patternProperties":{}})", &lost) == R"({"type":"STRING"})");
  BOOST_TEST(lost == "enum format not patternProperties ");
  BOOST_TEST(to_openapi(R"({"type":"\bool"})") == R"({"type":"\bool"})");   // nonsense, but valid JSON still
  BOOST_TEST(to_openapi(R"({"type":"array"})") == R"({"type":"ARRAY","items":{"type":"STRING"}})");
}

BOOST_AUTO_TEST_SUITE_END()

#include "config/document.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(documents)

using namespace switchyard::config;

namespace {

value_kind kind_of(std::string_view value) {
  const auto parsed = parse_document("x: " + std::string(value));
  BOOST_TEST_REQUIRE(!parsed.fault.has_value(), value);
  return parsed.root->entries.front().value->kind;
}

void faults_at(const std::string& text, int line, int column, std::string_view message) {
  const auto parsed = parse_document(text);
  BOOST_TEST_CONTEXT(text.substr(0, 60)) {
    BOOST_TEST_REQUIRE(parsed.fault.has_value());
    BOOST_TEST(parsed.fault->at.line == line);
    BOOST_TEST(parsed.fault->at.column == column);
    BOOST_TEST(parsed.fault->message.find(message) != std::string::npos, parsed.fault->message);
  }
}

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(plain_scalars_follow_the_core_schema) {
  for (const char* text : {"true", "false", "True", "FALSE", "!!bool true"}) BOOST_TEST((kind_of(text) == value_kind::boolean), text);
  for (const char* text : {"0", "-3", "+12", "0x1F", "0o17", "!!int 3"}) BOOST_TEST((kind_of(text) == value_kind::integer), text);
  for (const char* text : {"0.5", ".5", "5.", "1e3", "-1.5E-2", ".inf", "-.INF", ".nan"}) BOOST_TEST((kind_of(text) == value_kind::number), text);
  for (const char* text : {"yes", "no", "on", "off", "y", "tRue", "1_000", "0x", "0b1", "1.2.3", "e3", "+", ".", "1e", "'1'", "\"true\"", "!!str 5", "! 5", "10s"})
    BOOST_TEST((kind_of(text) == value_kind::text), text);
  for (const char* text : {"", "~", "null"}) BOOST_TEST((kind_of(text) == value_kind::null), text);
}

BOOST_AUTO_TEST_CASE(places_count_from_one) {
  const auto parsed = parse_document("a:\n  - b: c\n");
  const auto& entry = parsed.root->entries.front();
  BOOST_TEST(entry.at.line == 1);
  BOOST_TEST(entry.at.column == 1);
  const auto& inner = entry.value->items.front()->entries.front();
  BOOST_TEST(inner.at.line == 2);
  BOOST_TEST(inner.at.column == 5);
  BOOST_TEST(inner.value->at.column == 8);
}

BOOST_AUTO_TEST_CASE(json_with_tabs_and_escapes_is_read_as_json) {
  const auto parsed = parse_document("\t{\r\n\t\t\"a\":\"x\\/\\u00e9\\n\\\"\",\r\n\t\t\"b\" : [1,2,{}]\r\n\t}\r\n");
  BOOST_TEST_REQUIRE(!parsed.fault.has_value());
  BOOST_TEST(parsed.root->entries.at(0).value->text == "x/\xc3\xa9\n\"");
  BOOST_TEST(parsed.root->entries.at(1).value->items.size() == 3u);
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_nothing) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "\xef\xbb\xbf"}) {
    const auto parsed = parse_document(text);
    BOOST_TEST_REQUIRE(!parsed.fault.has_value());
    BOOST_TEST((parsed.root->kind == value_kind::null));
  }
}

BOOST_AUTO_TEST_CASE(an_alias_is_the_value_it_names) {
  const auto parsed = parse_document("a: &x [1, 2]\nb: *x\n");
  BOOST_TEST_REQUIRE(!parsed.fault.has_value());
  BOOST_TEST((parsed.root->entries.at(0).value == parsed.root->entries.at(1).value));
}

BOOST_AUTO_TEST_CASE(what_is_no_document_is_refused_with_its_place) {
  faults_at("a: [1, 2", 1, 4, "this bracket is never closed");
  faults_at("{\"a\": {\n  \"b\": [1,\n 2]\n", 1, 7, "this bracket is never closed");
  faults_at("{a: b c: d}", 1, 8, "end of map flow not found");
  faults_at("a: 1\n---\nb: 2\n", 2, 1, "one document");
  faults_at("{} x", 1, 4, "one document");
  faults_at("a: *nobody", 1, 4, "quote a string that begins with *");
  faults_at("a: &x [*x]", 1, 8, "inside the value it names");
  faults_at("[a]: 1", 1, 1, "a key must be a string");
  faults_at("~: 1", 1, 1, "a key must be a string");
  faults_at("a: !env X", 1, 4, "this tag is not known");
  faults_at("a: !!binary aGk=", 1, 4, "this tag is not known");
  faults_at("a: !!int x", 1, 4, "this tag is not known");
  faults_at("a: !!set {x: }", 1, 4, "this tag is not known");
  faults_at("a:\n\tb: 1\n", 2, 3, "not tabs");
  faults_at("a: \"\\ud83d\\ude00\"", 1, 11, "surrogate pair");
  faults_at("a: 1\nb: \"x\nc: 3\n", 2, 4, "this quote is never closed");
  faults_at("\xef\xbb\xbf# \xc3\xa9\r\na: 'it''s\r\n", 2, 4, "this quote is never closed");
  faults_at("{\n \"a\": {\"b\": \"x\n}\n", 2, 13, "this quote is never closed");
  faults_at("a: &x !!str \"y\\\"\n", 1, 4, "this quote is never closed");
  faults_at("a: b\xff", 1, 5, "UTF-8");
  faults_at("a: b\xed\xa0\x80", 1, 5, "UTF-8");
  faults_at("a: b\n\xc0\x80", 2, 1, "UTF-8");
  faults_at(std::string("a: b\n\0", 6), 2, 1, "control character");
  faults_at("a: b\x04", 1, 5, "control character");
}

BOOST_AUTO_TEST_CASE(no_name_of_an_unknown_anchor_is_shown) {
  const auto parsed = parse_document("key: *sk-canary");
  BOOST_TEST_REQUIRE(parsed.fault.has_value());
  BOOST_TEST(parsed.fault->message.find("canary") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(sixty_four_levels_are_the_deepest) {
  BOOST_TEST(!parse_document(repeated("[", 64) + repeated("]", 64)).fault.has_value());
  faults_at(repeated("[", 65) + repeated("]", 65), 1, 65, "deeper than 64");
  faults_at(repeated("- ", 200) + "a", 1, 129, "deeper than 64");
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  const auto parsed = parse_document(chain);
  BOOST_TEST_REQUIRE(parsed.fault.has_value());
  BOOST_TEST(parsed.fault->message.find("deeper than 64") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_alias_bomb_is_refused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 20; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + repeated("," + before, 9) + "]\n";
  }
  const auto parsed = parse_document(bomb);
  BOOST_TEST_REQUIRE(parsed.fault.has_value());
  BOOST_TEST(parsed.fault->message.find("500000 values") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tens_of_thousands_of_keys_are_no_bomb) {
  std::string text = "{\"keys\": [{}";
  for (int i = 0; i < 40'000; ++i) text += ",{\"name\":\"a\",\"value\":\"b\",\"models\":[\"c\"]}";
  const auto parsed = parse_document(text + "]}");
  BOOST_TEST(!parsed.fault.has_value());
}

BOOST_AUTO_TEST_CASE(more_than_sixteen_mebibytes_are_refused) {
  const auto parsed = parse_document("#" + std::string(largest_document, 'x'));
  BOOST_TEST_REQUIRE(parsed.fault.has_value());
  BOOST_TEST(parsed.fault->message.find("16 MiB") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(endless_brackets_are_refused_before_they_take_memory) {
  const auto parsed = parse_document(std::string(largest_document, '['));
  BOOST_TEST_REQUIRE(parsed.fault.has_value());
  BOOST_TEST(parsed.fault->message.find("brackets and commas") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

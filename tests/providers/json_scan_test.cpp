#include "providers/json_scan.hpp"

#include "base/random.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <vector>

BOOST_AUTO_TEST_SUITE(json_scan)

using namespace switchyard;
using namespace switchyard::providers;

BOOST_AUTO_TEST_CASE(members_are_found_where_they_stand) {
  const std::string_view text = " { \"a\" : 1 , \"b\":{\"a\":[\"}\",\"\\\"\"]},\"c\":null}\n";
  json::members walk(text);
  json::member m;
  BOOST_REQUIRE(walk.next(m));
  BOOST_TEST(m.name == "a");
  BOOST_TEST(m.value == "1");
  BOOST_TEST(text.substr(m.begin, m.end - m.begin) == "\"a\" : 1");
  BOOST_REQUIRE(walk.next(m));
  BOOST_TEST(m.value == "{\"a\":[\"}\",\"\\\"\"]}");
  BOOST_REQUIRE(walk.next(m));
  BOOST_TEST(m.value == "null");
  BOOST_TEST(!walk.next(m));
  BOOST_TEST(walk.ok());
  BOOST_TEST(walk.end() == text.size() - 1);
  BOOST_TEST(walk.after_open_brace() == 2u);
}

BOOST_AUTO_TEST_CASE(broken_structure_is_reported_and_never_read_past) {
  for (const std::string_view text :
       {"", "[1]", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"x", "{\"a\":[1", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{\"a\":1", "{\"a\":}",
        "{\"a\":\"\\\"}"}) {
    const std::vector<char> exact(text.begin(), text.end());   // a sanitizer sees a byte too far
    json::members walk(std::string_view(exact.data(), exact.size()));
    json::member m;
    while (walk.next(m)) {
    }
    BOOST_TEST(!walk.ok(), text);
  }
}

BOOST_AUTO_TEST_CASE(an_empty_object_and_array_close_properly) {
  json::members walk("{ }");
  json::member m;
  BOOST_TEST(!walk.next(m));
  BOOST_TEST(walk.ok());
  json::elements list("[ ]");
  std::string_view value;
  BOOST_TEST(!list.next(value));
  BOOST_TEST(list.ok());
}

BOOST_AUTO_TEST_CASE(elements_come_in_order) {
  json::elements list("[1,\"]\", {\"a\":[]} ,[]]");
  std::vector<std::string> seen;
  for (std::string_view value; list.next(value);) seen.emplace_back(value);
  const std::vector<std::string> expected = {"1", "\"]\"", "{\"a\":[]}", "[]"};
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
  BOOST_TEST(list.ok());
}

BOOST_AUTO_TEST_CASE(a_long_value_is_skipped_across_every_alignment) {
  for (std::size_t n = 0; n < 70; ++n) {
    const std::string value = "[" + std::string(n, '1') + ",\"" + std::string(n, ']') + "\\\\\"]";
    BOOST_TEST(json::skip_value(value + ",1", 0) == value.size());
  }
}

BOOST_AUTO_TEST_CASE(a_plain_container_ends_where_any_other_would) {
  for (std::size_t n = 0; n < 70; ++n) {
    const std::string value = R"({"a":[{"]":)" + std::string(n, '1') + R"(,"}[":"}"},[]],"b":")" + std::string(n, '}') + "\"}";
    for (const std::string after : {"", ",1", "}}", "\r\n", ",\"a\\\"\"", ",\"more\":\"of the event that it stands in\"}"})
      BOOST_TEST(json::skip_plain_container(value + after, 0) == value.size(), n << after);
    for (std::size_t cut = 0; cut < value.size(); ++cut) BOOST_TEST(json::skip_plain_container(std::string_view(value).substr(0, cut), 0) == json::npos);
    for (const std::string odd : {"\n", "\r", "\t", "\\\""}) {
      auto other = value;
      BOOST_TEST(json::skip_plain_container(other.insert(11 + n, odd), 0) == json::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(characters_that_stand_for_themselves_are_counted) {
  for (std::size_t n = 0; n < 40; ++n)
    for (const std::string after : {"", "\"", "\\n", "\xC3\xA9", "\n"}) BOOST_TEST(json::plain_characters(std::string(n, 'x') + after) == n);
}

BOOST_AUTO_TEST_CASE(escapes_are_resolved) {
  BOOST_TEST(json::unescape(R"("a\"\\\/\n\u00e9\ud83d\ude00")") == "a\"\\/\n\xC3\xA9\xF0\x9F\x98\x80");
  BOOST_TEST(json::unescape(R"("\ud83dx\udc00")") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
  BOOST_TEST(json::unescape(R"("\u12")") == "\\u12");
  BOOST_TEST(json::unescape("7") == "");
}

BOOST_AUTO_TEST_CASE(text_length_counts_an_escape_once) {
  BOOST_TEST(json::text_length(R"("abc")") == 3u);
  BOOST_TEST(json::text_length(R"("a\n\u00e9\\")") == 4u);
  BOOST_TEST(json::text_length(R"("\u1")") == 1u);
  BOOST_TEST(json::text_length("null") == 0u);
}

BOOST_AUTO_TEST_CASE(counts_are_whole_and_not_negative) {
  BOOST_TEST(*json::as_count("12") == 12);
  BOOST_TEST(*json::as_count("12.0") == 12);
  for (const std::string_view text : {"", "-1", "1.5", "1e3", "\"1\"", "null", "99999999999999999999", "9223372036854775807"}) BOOST_TEST(!json::as_count(text), text);
}

BOOST_AUTO_TEST_CASE(nesting_is_measured_outside_strings) {
  BOOST_TEST(json::nesting_depth("{\"a\":[[]],\"b\":\"[[[[[\"}") == 3u);
  BOOST_TEST(json::nesting_depth("1") == 0u);
}

BOOST_AUTO_TEST_CASE(strings_of_any_bytes_are_written_as_one_byte_after_the_other_would_be) {
  random_source random(11);
  constexpr std::string_view odd = "\"\\\n\r\t\x01\x1F\x7F ~";
  for (int round = 0; round < 3000; ++round) {
    std::string text, expected = "\"";
    const auto size = random.below(70);
    const bool broken = random.below(4) == 0;
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto what = random.below(12);
      if (what == 0) text += odd[random.below(odd.size())];
      else if (what == 1) text += broken ? "\xFF" : "\xC3\xBC";
      else text += static_cast<char>('a' + random.below(26));
    }
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      char code[8];
      if (c == '"' || c == '\\') expected += '\\', expected += c;
      else if (c == '\n') expected += "\\n";
      else if (c == '\r') expected += "\\r";
      else if (c == '\t') expected += "\\t";
      else if (byte < 0x20 || byte == 0x7F) std::snprintf(code, sizeof code, "\\u%04x", byte), expected += code;
      else if (byte == 0xFF) expected += "\xEF\xBF\xBD";
      else expected += c;
    }
    std::string out;
    json::append_string(out, text);
    BOOST_TEST(out == expected + '"');
  }
}

BOOST_AUTO_TEST_CASE(written_strings_are_valid_json) {
  std::string out;
  json::append_string(out, "a\"b\\c\n\x01\xC3\xA9");
  BOOST_TEST(out == "\"a\\\"b\\\\c\\n\\u0001\xC3\xA9\"");
  out.clear();
  json::append_string(out, "a\xFFz");
  BOOST_TEST(out == "\"a\xEF\xBF\xBDz\"");
}

BOOST_AUTO_TEST_SUITE_END()

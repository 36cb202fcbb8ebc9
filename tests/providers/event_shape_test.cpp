#include "providers/event_shape.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(event_shapes)

using namespace switchyard::providers;

namespace {

/// The part of `event` that is `text`.
std::string_view in(std::string_view event, std::string_view text) { return event.substr(event.find(text), text.size()); }

const std::string first = R"(data: {"n":12,"text":"ab","usage":{"a":1},"filling":"xx"})" "\n\n";

event_shape remembered() {
  event_shape shape;
  shape.remember(first, {in(first, "\"ab\""), in(first, "12"), in(first, "{\"a\":1}"), in(first, "\"xx\"")});
  return shape;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_event_that_differs_in_its_values_alone_matches_and_gives_them_in_their_order) {
  auto shape = remembered();
  const std::string next = R"(data: {"n":3456,"text":"c \" \u00fc \\","usage":{"a":{"b":"}"}},"filling":""})" "\n\n";
  event_shape::values seen;
  BOOST_REQUIRE(shape.matches(next, seen));
  BOOST_TEST(seen[0] == R"("c \" \u00fc \\")");
  BOOST_TEST(seen[1] == "3456");
  BOOST_TEST(seen[2] == R"({"a":{"b":"}"}})");
  BOOST_TEST(seen[3] == "\"\"");
  BOOST_TEST(shape.matches(first, seen));
  BOOST_REQUIRE(shape.matches(next, seen));
  BOOST_TEST(seen[2] == R"({"a":{"b":"}"}})");
}

BOOST_AUTO_TEST_CASE(an_object_that_is_there_again_is_followed_by_nothing_else) {
  auto shape = remembered();
  event_shape::values seen;
  for (int turn = 0; turn < 2; ++turn) {
    BOOST_TEST(shape.matches(first, seen));
    BOOST_TEST(seen[2] == R"({"a":1})");
    for (const std::string event : {R"(data: {"n":12,"text":"ab","usage":{"a":1},"b":{},"filling":"xx"})", R"(data: {"n":12,"text":"ab","usage":{"a":1}}})"})
      BOOST_TEST(!shape.matches(event + "\n\n", seen), event);
  }
}

BOOST_AUTO_TEST_CASE(anything_else_does_not_match) {
  auto shape = remembered();
  event_shape::values seen;
  for (const std::string event : {
           R"(data: {"n":12,"text":"ab","usage":{"a":1},"filling":"xx","more":1})", R"(data: {"n":12,"text":"ab","usage":{"a":1}})", R"(data: {"n":-1,"text":"ab","usage":{"a":1},"filling":"xx"})",
           R"(data: {"n":,"text":"ab","usage":{"a":1},"filling":"xx"})", R"(data: {"n":1,"text":null,"usage":{"a":1},"filling":"xx"})", R"(data: {"n":1,"text":"a","usage":[1],"filling":"xx"})",
           R"(data: {"n":1,"text":"a\u12","usage":{"a":1},"filling":"xx"})", R"(data: {"n":1,"text":"a\)", R"(data: {"n":1,"text":"a)", R"(data: {"n":1.5,"text":"ab","usage":{"a":1},"filling":"xx"})"})
    BOOST_TEST(!shape.matches(event + "\n\n", seen), event);
  BOOST_TEST(!shape.matches("data: {\"n\":1,\"text\":\"a\nb\",\"usage\":{\"a\":1},\"filling\":\"xx\"}\n\n", seen));
  BOOST_TEST(!shape.matches("data: {\"n\":1,\"text\":\"ab\",\"usage\":{\"a\":\ndata: 1},\"filling\":\"xx\"}\n\n", seen));
  BOOST_TEST(!shape.matches("", seen));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_remembered_is_forgotten) {
  event_shape::values seen;
  auto shape = remembered();
  shape.forget();
  BOOST_TEST(!shape.matches(first, seen));
  const std::string elsewhere = "\"ab\"";
  shape = remembered();
  shape.remember(first, {elsewhere});
  BOOST_TEST(!shape.matches(first, seen));
  shape = remembered();
  shape.remember(first, {in(first, "{\"a\":1}"), in(first, "1}").substr(0, 1)});   // one within the other
  BOOST_TEST(!shape.matches(first, seen));
  const std::string large = "data: \"" + std::string(5000, 'x') + "\"\n\n";
  shape.remember(large, {std::string_view(large).substr(6, 5002)});
  BOOST_TEST(!shape.matches(large, seen));
}

BOOST_AUTO_TEST_SUITE_END()

#include "providers/event_digest.hpp"

#include "providers/json_scan.hpp"
#include "providers/sse_splitter.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(digests)

using namespace switchyard;
using namespace switchyard::providers;

namespace {

/// Leaves out every "idle".
struct no_idle : digest_rule {
  void next_event() override {}
  bool is_idle(std::string_view name, std::string_view before) override {
    asked += std::string(name) + ' ';
    last_before = before;
    return name == "idle";
  }
  std::string asked, last_before;
};

std::string digest(std::string_view event, std::size_t piece = 1'000'000) {
  no_idle rule;
  event_digest digest(rule);
  digest.begin();
  std::string out;
  for (; !event.empty(); event.remove_prefix(std::min(piece, event.size()))) digest.feed(event.substr(0, piece), out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(values_that_nobody_reads_are_left_out_wherever_the_bytes_are_cut) {
  const std::pair<std::string_view, std::string_view> events[] = {
      {"data: {\"type\":\"a\",\"idle\":\"a \\\" b \\\\\",\"more\":1}\n\n", "data: {\"type\":\"a\",\"idle\":\"\",\"more\":1}\n\n"},
      {"event: x\r\ndata:{\"idle\":[{\"a\":\"]\"},[1,2]],\"b\":{\"idle\":{\"c\":\"}\"}}}\r\n\r\n", "event: x\r\ndata:{\"idle\":[],\"b\":{\"idle\":{}}}\r\n\r\n"},
      {"data: {\"list\":[\"idle\",\"x\",{\"idle\":\"y\"}],\"idle\" : \"z\"}\n\n", "data: {\"list\":[\"idle\",\"x\",{\"idle\":\"\"}],\"idle\" : \"\"}\n\n"},
      {"data: {\"a\":\"idle\",\"b\":\"c\",\"idle\":5,\"d\":\"e\"}\n\n", "data: {\"a\":\"idle\",\"b\":\"c\",\"idle\":5,\"d\":\"e\"}\n\n"},
      {"data: {\"idle\":\ndata: \"x\",\ndata: \"a\":1}\n\n", "data: {\"idle\":\ndata: \"\",\ndata: \"a\":1}\n\n"},
      {"data: {\"idle\":[1,\ndata: 2],\"a\":1}\n\n", "data: {\"idle\":[]\ndata:,\"a\":1}\n\n"},
      {": idle \"idle\":\"x\"\ndata: {}\n\n", ": idle \"idle\":\"x\"\ndata: {}\n\n"}};
  for (const auto& [event, expected] : events)
    for (std::size_t piece = 1; piece <= event.size(); ++piece) BOOST_TEST(digest(event, piece) == expected);
}

BOOST_AUTO_TEST_CASE(what_is_not_well_formed_stays_so) {
  for (const std::string_view event : {"data: {\"idle\":\"x\n\n", "data: {\"idle\":\n\n", "data: ]}{\"a\"\n\n", "data: {\"a\":1\"idle\"\n\n", "data: \"idle\n\n"}) {
    sse_splitter splitter;
    splitter.feed(event);
    std::string joined;
    const auto out = digest(event);
    BOOST_TEST(out.ends_with("\n\n"));
    BOOST_TEST(json::find(read_sse_fields(out, joined).data, "none").empty());
    json::members walk(read_sse_fields(out, joined).data);
    for (json::member m; walk.next(m);) {}
    BOOST_TEST(!walk.ok());
  }
}

BOOST_AUTO_TEST_CASE(a_rule_hears_the_name_and_what_came_before) {
  no_idle rule;
  event_digest digest(rule);
  digest.begin();
  std::string out;
  digest.feed("event: e\ndata: {\"type\":\"t\",\"n\":7,\"idle\":\"long\",\"x\":{\"y\":[\"z\"]}}\n\n", out);
  BOOST_TEST(rule.asked == "type idle x y ");
  BOOST_TEST(rule.last_before == " {\"type\":\"t\",\"n\":7,\"idle\":\"\",\"x\":{\"y\":");
}

BOOST_AUTO_TEST_CASE(long_events_come_out_as_digests_and_short_ones_as_they_are) {
  const std::string text(200'000, 'x');
  const std::string shorter = "data: {\"idle\":\"short\"}\n\n", longer = "data: {\"idle\":\"" + text + "\",\"a\":1}\n\n";
  const std::string stream = shorter + longer + shorter + longer + longer + shorter;
  for (const auto bytes : {sse_splitter::long_bytes::kept, sse_splitter::long_bytes::dropped})
    for (const std::size_t piece : {1u, 7u, 1000u, 65'536u, 70'000u}) {
      no_idle rule;
      sse_splitter splitter;
      splitter.digest_long_events(rule, bytes);
      std::string seen;
      std::vector<std::string> digests;
      for (std::string_view rest = stream; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(piece, rest.size()))) {
        splitter.feed(rest.substr(0, piece));
        for (sse_piece event; splitter.next(event);) {
          seen += event.whole != nullptr ? event.whole->joined() : std::string(event.bytes);
          digests.emplace_back(event.bytes);
        }
      }
      const std::string digest = "data: {\"idle\":\"\",\"a\":1}\n\n";
      const std::vector<std::string> expected = {shorter, digest, shorter, digest, digest, shorter};
      BOOST_TEST(digests == expected, boost::test_tools::per_element());
      if (bytes == sse_splitter::long_bytes::kept) BOOST_TEST((seen == stream));
    }
}

BOOST_AUTO_TEST_CASE(an_endless_long_event_is_refused) {
  no_idle rule;
  sse_splitter splitter;
  splitter.digest_long_events(rule, sse_splitter::long_bytes::kept);
  splitter.feed("data: {\"idle\":\"");
  sse_piece piece;
  const std::string chunk(1u << 20, 'x');
  for (int i = 0; i < 9; ++i) {
    BOOST_TEST(!splitter.next(piece));
    splitter.feed(chunk);
  }
  BOOST_TEST(!splitter.next(piece));
  BOOST_TEST(splitter.overlong());
}

BOOST_AUTO_TEST_SUITE_END()

#include "providers/sse_splitter.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(sse_splitting)

using namespace switchyard::providers;

namespace {

/// The events that come out when `text` is fed in chunks of `size`; a late LF is put back to the event it completes.
std::vector<std::string> split(std::string_view text, std::size_t size) {
  sse_splitter splitter;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += size) {
    splitter.feed(text.substr(at, size));
    for (sse_piece piece; splitter.next(piece);) {
      if (piece.completes_last)
        out.back() += piece.bytes;
      else
        out.emplace_back(piece.bytes);
    }
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(events_end_at_a_blank_line_of_any_kind) {
  const std::vector<std::string> events = {"data: a\n\n", "data: b\r\n\r\n", "data: c\r\r", "id: 1\ndata: d\n\n", ": comment\n\n", "data: e\r\n\n",
                                           "data: f\n\r\n"};
  std::string text;
  for (const auto& event : events) text += event;
  for (std::size_t size = 1; size <= text.size(); ++size) BOOST_TEST(split(text, size) == events, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(whole_events_are_not_copied) {
  const std::string text = "data: a\n\ndata: b\n\ndata: c";
  sse_splitter splitter;
  splitter.feed(text);
  sse_piece piece;
  BOOST_REQUIRE(splitter.next(piece));
  BOOST_TEST(static_cast<const void*>(piece.bytes.data()) == static_cast<const void*>(text.data()));
  BOOST_REQUIRE(splitter.next(piece));
  BOOST_TEST(!splitter.next(piece));
  BOOST_TEST(splitter.pending() == "data: c");
}

BOOST_AUTO_TEST_CASE(what_is_pending_can_be_taken_as_it_stands) {
  for (const bool joined_before : {false, true}) {
    sse_splitter splitter;
    sse_piece piece;
    if (joined_before) {
      splitter.feed("data: ");
      BOOST_TEST(!splitter.next(piece));
    }
    const std::string chunk = joined_before ? "a\n\ndata: b\n" : "data: b\n";
    splitter.feed(chunk);
    sse_piece first;
    if (joined_before) BOOST_REQUIRE(splitter.next(first));
    BOOST_TEST(!splitter.next(piece));
    BOOST_TEST(splitter.take_pending() == "data: b\n");
    if (joined_before) BOOST_TEST(first.bytes == "data: a\n\n");
    BOOST_TEST(splitter.pending() == "");
    splitter.feed("\n");
    BOOST_REQUIRE(splitter.next(piece));
    BOOST_TEST(piece.bytes == "\n");
  }
}

BOOST_AUTO_TEST_CASE(an_endless_event_is_refused_and_not_kept) {
  sse_splitter splitter;
  const std::string chunk(1u << 20, 'x');
  sse_piece piece;
  for (int i = 0; i < 17; ++i) {
    splitter.feed(chunk);
    BOOST_TEST(!splitter.next(piece));
  }
  BOOST_TEST(splitter.overlong());
  BOOST_TEST(splitter.pending().empty());
  splitter.feed("\n\n");
  BOOST_TEST(!splitter.next(piece));
}

BOOST_AUTO_TEST_CASE(fields_are_read_as_the_standard_says) {
  std::string storage;
  const auto read = [&](std::string_view event) { return read_sse_fields(event, storage); };
  BOOST_TEST(read("data: a\n\n").data == "a");
  BOOST_TEST(read("data:a\r\n\r\n").data == "a");
  BOOST_TEST(read("data:  a\n\n").data == " a");
  BOOST_TEST(read("event: error\ndata: x\n\n").event == "error");
  BOOST_TEST(read("data: a\ndata: b\ndata: c\n\n").data == "a\nb\nc");
  BOOST_TEST(read("\xEF\xBB\xBF" "data: a\n\n").data == "a");
  BOOST_TEST(!read(": OPENROUTER PROCESSING\n\n").has_data);
  BOOST_TEST(read("data\n\n").has_data);
  BOOST_TEST(!read("\n").has_data);
}

BOOST_AUTO_TEST_SUITE_END()

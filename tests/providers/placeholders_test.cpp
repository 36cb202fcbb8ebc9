#include "providers/placeholders.hpp"

#include "providers/bedrock/event_stream.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(placeholders)

using namespace switchyard::providers;
using shape = stream_restorer::shape;

namespace {

placeholder_book book_of_bob() {
  placeholder_book book;
  static_cast<void>(book.stand_in("email", "bob@example.com", ""));
  static_cast<void>(book.stand_in("private_key", "a\n\"b\"", ""));
  return book;
}

std::string restored(const placeholder_book& book, std::string_view json) {
  std::string out(json);
  static_cast<void>(restore(book, json, out));
  return out;
}

/// Everything that comes out when the events come one by one.
std::string streamed(const placeholder_book& book, const std::vector<std::string>& events, shape of_stream = shape::events) {
  stream_restorer restorer(book, of_stream);
  std::string out;
  for (const std::string_view event : events)
    for (const auto piece : restorer.feed({&event, 1})) out += piece;
  for (const auto piece : (static_cast<void>(restorer.feed({})), restorer.finish())) out += piece;
  return out;
}

std::string chat(std::string_view text) { return R"(data: {"choices":[{"index":0,"delta":{"content":")" + std::string(text) + "\"}}]}\n\n"; }
std::string block(std::string_view text, int index = 0) {
  return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":" + std::to_string(index) +
         R"(,"delta":{"type":"text_delta","text":")" + std::string(text) + "\"}}\n\n";
}
std::string frame(std::string_view text) {
  std::string out;
  frame_writer writer(out, "event", "contentBlockDelta");
  out += R"({"contentBlockIndex":0,"delta":{"text":")" + std::string(text) + "\"}}";
  writer.end();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_text_has_the_same_placeholder) {
  placeholder_book book;
  BOOST_TEST(book.stand_in("email", "a@b.c", "") == "[EMAIL_1]");
  BOOST_TEST(book.stand_in("email", "x@y.z", "") == "[EMAIL_2]");
  BOOST_TEST(book.stand_in("phone", "555", "") == "[PHONE_1]");
  BOOST_TEST(book.stand_in("email", "a@b.c", "") == "[EMAIL_1]");
}

BOOST_AUTO_TEST_CASE(a_placeholder_that_the_clients_text_holds_is_not_used) {
  placeholder_book book;
  BOOST_TEST(book.stand_in("email", "a@b.c", "what does [EMAIL_1] mean?") == "[EMAIL_2]");
  BOOST_TEST(restored(book, R"({"text":"[EMAIL_1] and [EMAIL_2]"})") == R"({"text":"[EMAIL_1] and a@b.c"})");
}

BOOST_AUTO_TEST_CASE(texts_come_back_escaped_as_their_place_asks) {
  const auto book = book_of_bob();
  BOOST_TEST(restored(book, R"({"content":"Mail [EMAIL_1]: [PRIVATE_KEY_1]"})") == R"({"content":"Mail bob@example.com: a\n\"b\""})");
  BOOST_TEST(restored(book, R"({"arguments":"{\"key\":\"[PRIVATE_KEY_1]\"}"})") == R"({"arguments":"{\"key\":\"a\\n\\\"b\\\"\"}"})");
}

BOOST_AUTO_TEST_CASE(what_is_no_placeholder_of_ours_stays) {
  const auto book = book_of_bob();
  const std::string json = R"({"[EMAIL_1]":1,"text":"[EMAIL_2] [x] [EMAIL_1 ] [[[","list":["[","]"]})";
  BOOST_TEST(restored(book, json) == json);
}

BOOST_AUTO_TEST_CASE(a_placeholder_in_pieces_comes_back_whole) {
  const auto book = book_of_bob();
  const std::string wanted = "Hi bob@example.com!";
  const std::string sent = "Hi [EMAIL_1]!";
  for (std::size_t first = 0; first <= sent.size(); ++first)
    for (std::size_t second = first; second <= sent.size(); ++second) {
      const auto out = streamed(book, {chat(sent.substr(0, first)), chat(sent.substr(first, second - first)), chat(sent.substr(second)),
                                       "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", "data: [DONE]\n\n"});
      std::string text;
      for (std::size_t at = out.find("content\":\""); at != std::string::npos; at = out.find("content\":\"", at + 1))
        text += out.substr(at + 10, out.find('"', at + 10) - at - 10);
      BOOST_TEST(text == wanted, first << " " << second << " " << out);
      BOOST_TEST(out.ends_with("data: [DONE]\n\n"));
    }
}

BOOST_AUTO_TEST_CASE(what_only_began_like_a_placeholder_goes_out_before_the_end) {
  const auto book = book_of_bob();
  const std::string stop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
  BOOST_TEST(streamed(book, {chat("a [EM"), stop}) == chat("a [EM") + stop);
  BOOST_TEST(streamed(book, {chat("a [EM")}) == chat("a [EM"));
}

BOOST_AUTO_TEST_CASE(pings_do_not_end_a_text) {
  const auto book = book_of_bob();
  const std::string ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  BOOST_TEST(streamed(book, {block("to [EMA"), ping, ": comment\n\n", block("IL_1] now")}) ==
             ping + ": comment\n\n" + block("to ") + block("bob@example.com now"));
}

BOOST_AUTO_TEST_CASE(texts_that_run_side_by_side_do_not_mix) {
  const auto book = book_of_bob();
  BOOST_TEST(streamed(book, {block("[EMAIL", 0), block("[EMAIL", 1), block("_1]", 0), block("_9]", 1)}) ==
             block("", 0) + block("bob@example.com", 0) + block("", 1) + block("[EMAIL_9]", 1));
}

BOOST_AUTO_TEST_CASE(several_events_in_one_piece_are_told_apart) {
  const auto book = book_of_bob();
  BOOST_TEST(streamed(book, {block("x [EM") + block("AIL_1]") + block(" y")}) == block("x ") + block("bob@example.com") + block(" y"));
}

BOOST_AUTO_TEST_CASE(a_long_stream_that_was_held_is_cut_in_one_pass) {   // it took a minute: every event looked for two sorts of line ends to the end
  const auto book = book_of_bob();
  for (const std::string_view eol : {"\n", "\r\n", "\r"}) {
    const std::string end = std::string(eol) + std::string(eol);
    std::string stream, expected;
    for (int i = 0; i < 60'000; ++i) {
      stream += R"(data: {"delta":"to [EMAIL_1]"})" + end;
      expected += R"(data: {"delta":"to bob@example.com"})" + end;
    }
    stream_restorer restorer(book, shape::events);
    BOOST_TEST((restorer.whole(stream) == expected));
  }
}

BOOST_AUTO_TEST_CASE(binary_frames_are_written_anew_with_their_checksums) {
  const auto book = book_of_bob();
  BOOST_TEST(streamed(book, {frame("x [EMAIL_1"), frame("] y")}, shape::frames) == frame("x ") + frame("bob@example.com y"));
  BOOST_TEST(streamed(book, {frame("plain")}, shape::frames) == frame("plain"));
}

BOOST_AUTO_TEST_CASE(an_array_of_objects_is_cut_at_its_elements) {
  const auto book = book_of_bob();
  const auto part = [](std::string_view text) { return R"({"candidates":[{"content":{"parts":[{"text":")" + std::string(text) + "\"}]}}]}"; };
  BOOST_TEST(streamed(book, {"[" + part("x [EMAIL") + ",\r\n" + part("_1]!"), "]"}, shape::array) ==
             "[" + part("x ") + ",\r\n" + part("bob@example.com!") + "]");
}

BOOST_AUTO_TEST_CASE(a_tool_calls_arguments_come_back_in_pieces_too) {
  const auto book = book_of_bob();
  const auto piece = [](std::string_view text) {
    return "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"" + std::string(text) + "\"}}\n\n";
  };
  BOOST_TEST(streamed(book, {piece(R"({\"key\":\"[PRIVATE)"), piece(R"(_KEY_1]\"})")}) == piece(R"({\"key\":\")") + piece(R"(a\\n\\\"b\\\"\"})"));
}

BOOST_AUTO_TEST_SUITE_END()

#include "providers/bedrock/event_stream.hpp"

#include "providers/bedrock/crc32.hpp"
#include "tests/providers/bedrock/samples.hpp"

BOOST_AUTO_TEST_SUITE(bedrock_event_stream)

using namespace switchyard;
using namespace switchyard::providers;
using test::bedrock_golden;

namespace {

struct read_frame {
  std::string bytes, message_type, event_type, content_type, error_message, payload;
};

struct read_stream {
  std::vector<read_frame> frames;
  std::string fault;
  bool inside = false;
};

/// Feeds copies of `pieces`, so that a view into an earlier piece would be noticed by a sanitizer.
read_stream read(const std::vector<std::string_view>& pieces) {
  frame_splitter splitter;
  read_stream out;
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    splitter.feed({copy.data(), copy.size()});
    for (event_frame frame; splitter.next(frame);)
      out.frames.push_back({std::string(frame.bytes), std::string(frame.message_type), std::string(frame.event_type),
                            std::string(frame.content_type), std::string(frame.error_message), std::string(frame.payload)});
  }
  out.fault = splitter.fault();
  out.inside = splitter.is_inside_frame();
  return out;
}

read_stream read(std::string_view whole) { return read(std::vector<std::string_view>{whole}); }

std::string frame(std::string_view type, std::string_view payload, std::string_view message_type = "event") {
  std::string out;
  frame_writer writer(out, message_type, type);
  out += payload;
  writer.end();
  return out;
}

void put_u32(std::string& frame, std::size_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) frame[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i) & 0xFF);
}

/// A frame of those sizes whose prelude checksum is right.
std::string prelude(std::uint32_t total, std::uint32_t headers) {
  std::string out(12, '\0');
  put_u32(out, 0, total);
  put_u32(out, 4, headers);
  put_u32(out, 8, crc32(std::string_view(out).substr(0, 8)));
  return out;
}

/// A frame with that header block and right checksums.
std::string with_headers(const std::string& headers) {
  std::string out = prelude(static_cast<std::uint32_t>(16 + headers.size()), static_cast<std::uint32_t>(headers.size())) + headers;
  const auto crc = crc32(out);
  out += "1234";
  put_u32(out, out.size() - 4, crc);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_checksum_is_zlibs) {
  BOOST_TEST(crc32("") == 0u);
  BOOST_TEST(crc32("123456789") == 0xCBF43926u);
  BOOST_TEST(crc32("The quick brown fox jumps over the lazy dog") == 0x414FA339u);
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    BOOST_TEST(crc32(std::string_view(text).substr(cut), crc32(std::string_view(text).substr(0, cut))) == 0x414FA339u);
}

BOOST_AUTO_TEST_CASE(the_checksum_of_any_length_is_that_of_its_bits) {
  random_source random(7);
  std::string text;
  std::uint32_t expected = ~0u;
  for (std::size_t size = 0; size < 300; ++size) {
    BOOST_TEST(crc32(text) == ~expected, size);
    BOOST_TEST(crc32(std::string_view(text).substr(size / 3), crc32(std::string_view(text).substr(0, size / 3))) == ~expected, size);
    text += static_cast<char>(random.below(256));
    expected ^= static_cast<unsigned char>(text.back());
    for (int bit = 0; bit < 8; ++bit) expected = (expected >> 1) ^ ((expected & 1) != 0 ? 0xEDB88320u : 0u);
  }
}

BOOST_AUTO_TEST_CASE(frames_of_the_same_head_are_read_alike) {
  const auto a = frame("contentBlockDelta", "{}"), b = frame("contentBlockStop", "{}"), failed = frame("throttlingException", "{}", "exception");
  const auto got = read(a + a + b + a + failed + failed + a);
  BOOST_REQUIRE(got.frames.size() == 7u);
  for (const std::size_t i : {0, 1, 3, 6}) BOOST_TEST((got.frames[i].event_type == "contentBlockDelta" && got.frames[i].message_type == "event"), i);
  BOOST_TEST(got.frames[2].event_type == "contentBlockStop");
  for (const std::size_t i : {4, 5}) BOOST_TEST((got.frames[i].event_type == "throttlingException" && got.frames[i].message_type == "exception"), i);
  for (const auto& each : got.frames) BOOST_TEST(each.content_type == "application/json");
}

BOOST_AUTO_TEST_CASE(a_recorded_stream_comes_out_whole) {
  const auto stream = bedrock_golden("converse_reasoning.eventstream");
  const auto got = read(stream);
  BOOST_TEST(got.fault == "");
  BOOST_TEST(!got.inside);
  BOOST_REQUIRE(got.frames.size() > 10u);
  BOOST_TEST(got.frames.front().event_type == "messageStart");
  BOOST_TEST(got.frames.front().message_type == "event");
  BOOST_TEST(got.frames.front().content_type == "application/json");
  BOOST_TEST(got.frames.front().payload == R"({"p":"abcdefghijklmnopqrstuvwxyzAB","role":"assistant"})");
  BOOST_TEST(got.frames.back().event_type == "metadata");
  std::string joined;
  for (const auto& f : got.frames) joined += f.bytes;
  BOOST_TEST((joined == stream));
}

BOOST_AUTO_TEST_CASE(any_split_of_the_bytes_gives_the_same_frames) {
  random_source random(42);
  for (const auto* name : {"converse_reasoning.eventstream", "converse_tool_call.eventstream"}) {
    const auto stream = bedrock_golden(name);
    const auto whole = read(stream);
    for (int round = 0; round < 200; ++round) {
      const auto split = read(test::random_pieces(stream, random));
      BOOST_REQUIRE(split.fault.empty());
      BOOST_REQUIRE(split.frames.size() == whole.frames.size());
      for (std::size_t i = 0; i < split.frames.size(); ++i) BOOST_REQUIRE((split.frames[i].bytes == whole.frames[i].bytes));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_frame_is_written_as_bedrock_writes_it) {
  const auto recorded = read(bedrock_golden("converse_tool_call.eventstream"));
  for (const auto& f : recorded.frames) BOOST_TEST((frame(f.event_type, f.payload) == f.bytes));
}

BOOST_AUTO_TEST_CASE(frames_are_written_behind_each_other) {
  const auto got = read(frame("messageStart", R"({"role":"assistant"})") + frame("throttlingException", R"({"message":"slow"})", "exception"));
  BOOST_REQUIRE(got.frames.size() == 2u);
  BOOST_TEST(got.frames[1].message_type == "exception");
  BOOST_TEST(got.frames[1].event_type == "throttlingException");
  BOOST_TEST(got.frames[1].payload == R"({"message":"slow"})");
}

BOOST_AUTO_TEST_CASE(a_single_wrong_byte_is_noticed_wherever_it_is) {
  const auto good = frame("messageStop", R"({"stopReason":"end_turn"})");
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const auto got = read(bad);
    BOOST_TEST(got.frames.empty(), "byte " << at);
    BOOST_TEST(!got.fault.empty(), "byte " << at);
  }
}

BOOST_AUTO_TEST_CASE(nothing_comes_out_after_a_fault) {
  auto bad = frame("a", "{}");
  bad.back() = static_cast<char>(bad.back() ^ 1);
  const auto got = read({frame("ok", "{}"), bad, frame("ok", "{}")});
  BOOST_TEST(got.frames.size() == 1u);
  BOOST_TEST(got.fault == "a frame has a wrong checksum");
}

BOOST_AUTO_TEST_CASE(sizes_that_make_no_sense_are_refused_before_anything_is_kept) {
  BOOST_TEST(read(prelude(8u << 20, 0)).fault == "");
  BOOST_TEST(read(prelude((8u << 20) + 1, 0)).fault == "a frame is longer than 8 MiB");
  BOOST_TEST(read(prelude(0xFFFFFFFF, 0)).fault == "a frame is longer than 8 MiB");
  BOOST_TEST(read(prelude(15, 0)).fault == "a frame's sizes make no sense");
  BOOST_TEST(read(prelude(0, 0)).fault == "a frame's sizes make no sense");
  BOOST_TEST(read(prelude(100, 85)).fault == "a frame's sizes make no sense");
  BOOST_TEST(read(prelude(100, 84)).fault == "");
  BOOST_TEST(read(prelude(1u << 20, (128u << 10) + 1)).fault == "a frame's sizes make no sense");
  BOOST_TEST(read("HTTP/1.1 200 OK\r\n").fault == "a frame's prelude has a wrong checksum");
}

BOOST_AUTO_TEST_CASE(an_empty_frame_is_a_frame) {
  const auto got = read(with_headers(""));
  BOOST_TEST(got.fault == "");
  BOOST_REQUIRE(got.frames.size() == 1u);
  BOOST_TEST(got.frames[0].payload == "");
  BOOST_TEST(got.frames[0].message_type == "");
}

BOOST_AUTO_TEST_CASE(headers_of_every_type_are_stepped_over) {
  using namespace std::string_literals;
  const std::string headers = "\1a\0"s + "\1b\1"s + "\1c\2x"s + "\1d\3xx"s + "\1e\4xxxx"s + "\1f\5xxxxxxxx"s + "\1g\6\0\3abc"s + "\1h\10xxxxxxxx"s +
                              "\1i\11xxxxxxxxxxxxxxxx"s + "\15:message-type\7\0\5error"s + "\13:error-code\7\0\3"s + "500"s + "\16:error-message\7\0\4oops"s;
  const auto got = read(with_headers(headers));
  BOOST_TEST(got.fault == "");
  BOOST_REQUIRE(got.frames.size() == 1u);
  BOOST_TEST(got.frames[0].message_type == "error");
  BOOST_TEST(got.frames[0].event_type == "500");
  BOOST_TEST(got.frames[0].error_message == "oops");
}

BOOST_AUTO_TEST_CASE(headers_that_do_not_hold_together_are_refused) {
  using namespace std::string_literals;
  for (const auto& headers : {"\1"s, "\1a"s, "\0\0"s, "\1a\12"s, "\1a\377"s, "\1a\5xxxxxxx"s, "\1a\7\0"s, "\1a\7\0\5abcd"s, "\1a\6\377\377x"s, "\5abc"s}) {
    const auto got = read(with_headers(headers));
    BOOST_TEST(got.frames.empty());
    BOOST_TEST(got.fault == "a frame's headers make no sense");
  }
}

BOOST_AUTO_TEST_CASE(an_unfinished_frame_is_known_to_be_unfinished) {
  const auto whole = frame("messageStop", "{}");
  BOOST_TEST(read(whole.substr(0, whole.size() - 1)).inside);
  BOOST_TEST(read(whole.substr(0, 3)).inside);
  BOOST_TEST(!read(whole).inside);
}

BOOST_AUTO_TEST_SUITE_END()

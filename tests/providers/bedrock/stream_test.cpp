#include "providers/bedrock/event_stream.hpp"
#include "tests/providers/bedrock/samples.hpp"

BOOST_AUTO_TEST_SUITE(bedrock_streams)

using namespace switchyard;
using namespace switchyard::providers;
using test::bedrock_golden;
using test::followed;

namespace {

followed follow(const std::vector<std::string_view>& pieces, bool close = true, std::string_view credential = {}) {
  const auto decoder = find_wire(config::wire_format::bedrock)->open_stream(api::converse, false, credential);
  followed out;
  const auto note = [&](const stream_step& step) {
    for (const auto part : step.forward) out.forwarded += part;
    out.content = step.content;
    out.finished = step.finished;
    out.problem = step.problem;
  };
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    note(decoder->feed({copy.data(), copy.size()}));
  }
  if (close) {
    const auto& step = decoder->close();
    out.finished |= step.finished;
  }
  out.reported = decoder->reported();
  out.estimate = decoder->estimated_output_tokens();
  return out;
}

std::string frame(std::string_view type, std::string_view payload, std::string_view message_type = "event") {
  std::string out;
  frame_writer writer(out, message_type, type);
  out += payload;
  writer.end();
  return out;
}

const std::string start = frame("messageStart", R"({"role":"assistant"})");
const std::string word = frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"word"}})");
const std::string stop = frame("messageStop", R"({"stopReason":"end_turn"})");
const std::string metadata = frame("metadata", R"({"usage":{"inputTokens":3,"outputTokens":4,"cacheReadInputTokens":10,"cacheWriteInputTokens":20}})");

}  // namespace

BOOST_AUTO_TEST_CASE(what_follows_the_end_is_left_out_however_the_bytes_are_cut) {
  const std::string whole = start + word + stop + metadata, more = word + stop + metadata;
  const auto together = follow({whole + more}, false), apart = follow({whole, more}, false);
  BOOST_TEST((together.forwarded == whole));
  BOOST_TEST((apart.forwarded == whole));
  BOOST_TEST(together.estimate == apart.estimate);
}

BOOST_AUTO_TEST_CASE(recorded_streams_are_relayed_byte_for_byte) {
  random_source random(7);
  for (const auto* name : {"converse_reasoning.eventstream", "converse_tool_call.eventstream", "converse_empty_delta.eventstream"}) {
    const auto stream = bedrock_golden(name);
    for (int round = 0; round < 50; ++round) {
      const auto got = follow(round == 0 ? std::vector<std::string_view>{stream} : test::random_pieces(stream, random), false);
      BOOST_TEST((got.forwarded == stream));
      BOOST_TEST(got.content);
      BOOST_TEST(got.finished);
      BOOST_TEST(!got.problem.has_value());
    }
  }
  const auto got = follow({bedrock_golden("converse_tool_call.eventstream")});
  BOOST_TEST(got.reported.input.value_or(-1) == 471);
  BOOST_TEST(got.reported.output.value_or(-1) == 91);
  BOOST_TEST(got.estimate > 30);
}

BOOST_AUTO_TEST_CASE(the_role_alone_is_no_content) {
  BOOST_TEST(!follow({start}).content);
  BOOST_TEST(follow({start, word}).content);
  BOOST_TEST(follow({start, stop}).content);
}

BOOST_AUTO_TEST_CASE(the_stream_ends_with_its_metadata_or_a_clean_close_after_its_stop) {
  BOOST_TEST(follow({start, word, stop, metadata}, false).finished);
  BOOST_TEST(!follow({start, word, stop}, false).finished);
  BOOST_TEST(follow({start, word, stop}, true).finished);
  BOOST_TEST(!follow({start, word}, true).finished);
  BOOST_TEST(!follow({start, word, stop, metadata.substr(0, 20)}, true).finished);
}

BOOST_AUTO_TEST_CASE(the_input_includes_the_cache) {
  const auto got = follow({start, word, stop, metadata});
  BOOST_TEST(got.reported.input.value_or(-1) == 33);
  BOOST_TEST(got.reported.cached_input.value_or(-1) == 10);
  BOOST_TEST(got.reported.cache_write.value_or(-1) == 20);
  BOOST_TEST(got.reported.output.value_or(-1) == 4);
}

BOOST_AUTO_TEST_CASE(an_exception_in_the_stream_is_a_problem_and_is_not_relayed) {
  const auto got = follow({start, word, frame("throttlingException", R"({"message":"slow, AKIAIOSFODNN7EXAMPLE"})", "exception"), word});
  BOOST_REQUIRE(got.problem.has_value());
  BOOST_TEST((got.problem->kind == failure_kind::rate_limited));
  BOOST_TEST(got.problem->what.message == "slow, ***");
  BOOST_TEST(!got.finished);
  const auto kind = [](std::string_view type) { return follow({frame(type, R"({"message":"m"})", "exception")}).problem->kind; };
  BOOST_TEST((kind("modelStreamErrorException") == failure_kind::server_error));
  BOOST_TEST((kind("internalServerException") == failure_kind::server_error));
  BOOST_TEST((kind("serviceUnavailableException") == failure_kind::server_error));
  BOOST_TEST((kind("validationException") == failure_kind::request_refused));
  BOOST_TEST((kind("somethingNewException") == failure_kind::server_error));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_frames_are_a_problem) {
  auto broken = word;
  broken[broken.size() - 1] = static_cast<char>(broken.back() ^ 1);
  const auto got = follow({start, broken, stop, metadata});
  BOOST_REQUIRE(got.problem.has_value());
  BOOST_TEST((got.problem->kind == failure_kind::bad_response));
  BOOST_TEST(got.problem->what.message == "the provider's stream cannot be read: a frame has a wrong checksum");
  BOOST_TEST((got.forwarded == start));
  BOOST_TEST(follow({"data: {}\n\n----------"}).problem.has_value());
  BOOST_TEST(follow({frame("contentBlockDelta", "{\"delta\"")}).problem.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

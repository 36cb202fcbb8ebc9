// Every recorded exchange with Bedrock through the dialect and back, where the recordings are at hand (../shared beside the sources).
#include "tests/providers/bedrock/converse_support.hpp"

#include <functional>

BOOST_AUTO_TEST_SUITE(converse_recordings)

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::providers::test;

namespace {

std::string from_base64(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(letters.find(c));
    if ((count += 6) >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}

struct exchange {
  std::string id;
  std::string model;
  bj::value request;
  bj::value response;
};

/// Percent-decoded, between "/model/" and the next slash.
std::string model_of(std::string url) {
  url = url.substr(url.find("/model/") + 7);
  url = url.substr(0, url.find('/'));
  for (auto at = url.find("%3A"); at != std::string::npos; at = url.find("%3A")) url.replace(at, 3, ":");
  return url;
}

std::vector<exchange> exchanges() {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/../shared/data/provider-traffic/provider-traffic-public.jsonl");
  std::vector<exchange> out;
  for (std::string line; std::getline(in, line);) {
    if (line.find("/converse") == std::string::npos) continue;
    auto value = bj::parse(line);
    if (value.at("provider").as_string() != "bedrock") continue;
    const auto& request = value.at("request");
    out.push_back({std::string(value.at("id").as_string()), model_of(std::string(request.at("url").as_string())), request.at("json"), value.at("response")});
  }
  if (out.empty()) BOOST_TEST_MESSAGE("skipped: ../shared/data/provider-traffic is not there");
  return out;
}

/// Without what says nothing: empty system, empty settings, the status "success".
bj::value bare(bj::value value) {
  auto& object = value.as_object();
  if (object.contains("system") && object.at("system").as_array().empty()) object.erase("system");
  if (object.contains("inferenceConfig") && object.at("inferenceConfig").as_object().empty()) object.erase("inferenceConfig");
  for (auto& message : object.at("messages").as_array())
    for (auto& block : message.at("content").as_array())
      if (auto* result = block.as_object().if_contains("toolResult"))
        if (result->as_object().contains("status") && result->at("status").as_string() == "success") result->as_object().erase("status");
  return value;
}

void check_usage(const neutral::token_counts& got, const bj::value& usage) {
  const auto count = [&](const char* name) {
    const auto* value = usage.as_object().if_contains(name);
    return value != nullptr ? value->as_int64() : 0;
  };
  BOOST_TEST(got.input.value_or(-1) == count("inputTokens") + count("cacheReadInputTokens") + count("cacheWriteInputTokens"));
  BOOST_TEST(got.output.value_or(-1) == count("outputTokens"));
  BOOST_TEST(got.input.value_or(0) + got.output.value_or(0) == count("totalTokens"));
}

struct events_read {
  std::string again;                     ///< written as a stream again, event by event
  neutral::token_counts usage;
  int ends = 0;
};

events_read read_stream(const std::vector<std::string_view>& pieces) {
  const auto reader = converse_dialect().open_reader({});
  const auto writer = converse_dialect().open_writer({});
  events_read out;
  std::vector<neutral::event> events;
  const auto pass_on = [&] {
    for (const auto& event : events) {
      writer->write(event, out.again);
      if (event.kind == neutral::event_kind::counts) out.usage = event.usage;
      out.ends += event.kind == neutral::event_kind::end;
    }
  };
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    events.clear();
    const auto problem = reader->feed({copy.data(), copy.size()}, events);
    BOOST_REQUIRE(!problem);
    pass_on();
  }
  events.clear();
  reader->close(events);
  pass_on();
  return out;
}

void check_answer(const bj::value& body) {
  const auto text = bj::serialize(body);
  neutral::arena texts;
  auto read = converse_dialect().read_answer(text, texts);
  BOOST_REQUIRE(read);
  check_usage(read->usage, body.at("usage"));
  std::string written;
  converse_dialect().write_answer(*read, {}, written);
  const auto again = bj::parse(written);
  auto output = body.at("output");
  for (auto& block : output.at("message").at("content").as_array())   // the new type of a tool use says nothing when it is "tool_use"
    if (auto* call = block.as_object().if_contains("toolUse"))
      if (call->as_object().contains("type") && call->at("type").as_string() == "tool_use") call->as_object().erase("type");
  BOOST_TEST(again.at("output") == output);
  BOOST_TEST(again.at("stopReason") == body.at("stopReason"));
  BOOST_TEST(again.at("usage").at("totalTokens") == body.at("usage").at("totalTokens"));
  BOOST_TEST(again.at("usage").at("inputTokens") == body.at("usage").at("inputTokens"));
}

void check_stream(const std::string& stream, random_source& random) {
  const auto original = assemble(stream);
  for (int round = 0; round < 20; ++round) {
    const auto got = read_stream(round == 0 ? std::vector<std::string_view>{stream} : random_pieces(stream, random));
    BOOST_TEST(got.ends == 1);
    check_usage(got.usage, original.usage);
    const auto again = assemble(got.again);
    auto said = original.blocks;
    std::erase(said, "text:");           // blocks that said nothing
    BOOST_TEST(again.blocks == said, boost::test_tools::per_element());
    BOOST_TEST(again.stop_reason == original.stop_reason);
    BOOST_TEST(again.usage.at("totalTokens") == original.usage.at("totalTokens"));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_recorded_request_comes_through_as_it_was) {
  for (const auto& [id, model, request, response] : exchanges()) {
    BOOST_TEST_CONTEXT(id) {
      const auto again = through(bj::serialize(request), model);
      BOOST_TEST(bare(again.json()) == bare(request));
      BOOST_TEST(again.dropped == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(every_recorded_answer_is_read_and_written_as_it_was) {
  std::size_t answers = 0, streams = 0, errors = 0;
  random_source random(5);
  const auto all = exchanges();
  for (const auto& [id, model, request, response] : all) {
    BOOST_TEST_CONTEXT(id) {
      const auto status = static_cast<int>(response.at("status").as_int64());
      if (const auto* stream = response.as_object().if_contains("base64")) {
        ++streams;
        check_stream(from_base64(stream->as_string()), random);
      } else if (status == 200) {
        ++answers;
        check_answer(response.at("json"));
        BOOST_TEST(find_wire(config::wire_format::bedrock)->inspect(api::converse, bj::serialize(response.at("json"))).has_value());
      } else {
        ++errors;
        const auto problem = find_wire(config::wire_format::bedrock)->classify(status, {}, bj::serialize(response.at("json")), {});
        BOOST_TEST((problem.kind == failure_kind::request_refused));
        BOOST_TEST(problem.what.message == response.at("json").at("message").as_string());
      }
    }
  }
  BOOST_TEST_MESSAGE(answers << " answers, " << streams << " streams, " << errors << " errors");
  BOOST_TEST(answers + streams + errors == all.size());
}

BOOST_AUTO_TEST_CASE(the_committed_recordings_come_through_too) {
  random_source random(6);
  for (const auto* name : {"converse_reasoning.eventstream", "converse_tool_call.eventstream", "converse_empty_delta.eventstream"})
    BOOST_TEST_CONTEXT(name) check_stream(bedrock_golden(name), random);
  for (const auto* name : {"converse_cached.json", "converse_reasoning.json", "converse_tool_call.json"})
    BOOST_TEST_CONTEXT(name) check_answer(bj::parse(bedrock_golden(name)));
  const auto request = bedrock_golden("converse_request.json");
  BOOST_TEST(bare(through(request, nova).json()) == bare(bj::parse(request)));
}

BOOST_AUTO_TEST_SUITE_END()

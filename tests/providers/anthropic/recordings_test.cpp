// Every recorded exchange with Anthropic, where the collection is at hand (it is no part of this repository).
#include "tests/providers/anthropic/samples.hpp"
#include "tests/providers/anthropic/stream_check.hpp"

#include <filesystem>

BOOST_AUTO_TEST_SUITE(anthropic_recordings)

using namespace switchyard;
using namespace switchyard::providers;
using boost::json::value;
using test::anthropic::parsed;

namespace {

std::vector<value> recordings() {
  const auto file = std::filesystem::path(SWITCHYARD_SOURCE_DIR) / "../shared/data/provider-traffic/provider-traffic-public.jsonl";
  std::vector<value> out;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    auto one = parsed(line);
    if (one.at("request").at("url").as_string().find("/v1/messages") != std::string::npos) out.push_back(std::move(one));
  }
  if (out.empty()) BOOST_TEST_MESSAGE("skipped: no recordings beside the source tree");
  return out;
}

/// [{"type":"text","text":T}] is T.
value content_of(value v) {
  if (auto* list = v.if_array(); list != nullptr && list->size() == 1 && list->at(0).at("type") == "text" && list->at(0).as_object().size() == 2)
    return list->at(0).at("text");
  return v;
}

/// Members the writer leaves out because they say what is so anyway, and two spellings of one content.
void strip(value& v) {
  if (auto* list = v.if_array())
    for (auto& entry : *list) strip(entry);
  auto* object = v.if_object();
  if (object == nullptr) return;
  if (const auto* failed = object->if_contains("is_error"); failed != nullptr && *failed == false) object->erase("is_error");
  object->erase("caller");
  for (auto& member : *object) strip(member.value());
  if (object->contains("tool_use_id") && object->contains("content")) (*object)["content"] = content_of(object->at("content"));
}

/// Turns of one role are merged, system turns hoisted, empty ones left out: is there nothing to do?
bool is_simple(const boost::json::array& turns) {
  std::string last;
  for (const auto& turn : turns) {
    const auto role = test::anthropic::str(turn.at("role"));
    const auto content = content_of(turn.at("content"));
    if (role == "system" || role == last || content == "" || (content.is_array() && content.as_array().empty())) return false;
    last = role;
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_CASE(requests_are_read_and_written_alike) {
  for (const auto& one : recordings()) {
    if (!one.at("request").as_object().contains("json")) continue;
    auto before = one.at("request").at("json");
    const auto body = boost::json::serialize(before);
    const auto made = test::anthropic::round_trip(body, before.at("model").as_string());
    BOOST_TEST_CONTEXT(one.at("id")) {
      BOOST_REQUIRE_MESSAGE(made.problem.empty(), made.problem);
      auto after = made.json();
      strip(before), strip(after);
      BOOST_TEST(after.at("max_tokens") == before.at("max_tokens"));
      for (const auto* member : {"tool_choice", "metadata", "stop_sequences"})
        if (before.as_object().contains(member) && (before.as_object().contains("tools") || std::string_view(member) != "tool_choice"))
          BOOST_TEST(after.at(member) == before.at(member));
      if (const auto* tools = before.as_object().if_contains("tools"))
        BOOST_TEST(after.at("tools").as_array().size() == tools->as_array().size());
      const auto& turns = before.at("messages").as_array();
      if (!is_simple(turns)) continue;
      BOOST_REQUIRE(after.at("messages").as_array().size() == turns.size());
      for (std::size_t i = 0; i < turns.size(); ++i)
        BOOST_TEST(content_of(after.at("messages").at(i).at("content")) == content_of(turns.at(i).at("content")));
    }
  }
}

BOOST_AUTO_TEST_CASE(answers_are_read_and_written_alike) {
  for (const auto& one : recordings()) {
    const auto& response = one.at("response").as_object();
    if (!response.contains("json") || response.at("status") != 200) continue;
    auto before = response.at("json");
    const auto body = boost::json::serialize(before);
    neutral::arena texts;
    const auto read = messages_dialect().read_answer(body, texts);
    BOOST_TEST_CONTEXT(one.at("id")) {
      BOOST_REQUIRE(read);
      std::string again;
      messages_dialect().write_answer(*read, {.request_id = "r", .model = "m"}, again);
      auto after = parsed(again);
      strip(before), strip(after);
      for (const auto* member : {"id", "model", "content", "stop_reason", "stop_sequence"}) BOOST_TEST(after.at(member) == before.at(member));
      for (const auto* member : {"input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"})
        BOOST_TEST(after.at("usage").at(member) == before.at("usage").at(member));
      const auto judged = anthropic_wire().inspect(api::messages, body);
      BOOST_REQUIRE(judged);
      BOOST_TEST(*judged->output == *read->usage.output);
    }
  }
}

BOOST_AUTO_TEST_CASE(streams_are_read_and_written_alike) {
  random_source random(3);
  for (const auto& one : recordings()) {
    const auto& response = one.at("response").as_object();
    if (!response.contains("text")) continue;
    const std::string text(response.at("text").as_string());
    BOOST_TEST_CONTEXT(one.at("id")) {
      const auto before = test::anthropic::check_stream(text);
      const auto after = test::anthropic::check_stream(test::anthropic::rewrite(test::random_pieces(text, random)));
      BOOST_TEST(after.blocks == before.blocks, boost::test_tools::per_element());
      BOOST_TEST(after.stop_reason == before.stop_reason);
      BOOST_TEST(after.input == before.input);
      BOOST_TEST(after.output == before.output);
    }
  }
}

BOOST_AUTO_TEST_CASE(errors_are_judged) {
  for (const auto& one : recordings()) {
    const auto& response = one.at("response").as_object();
    if (response.at("status") == 200) continue;
    const auto body = boost::json::serialize(response.at("json"));
    const auto judged = anthropic_wire().classify(response.at("status").to_number<int>(), {}, body, wall_time{}, {});
    BOOST_TEST_CONTEXT(one.at("id")) {
      BOOST_TEST((judged.kind == failure_kind::request_refused));
      BOOST_TEST(judged.what.message == std::string(response.at("json").at("error").at("message").as_string()));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

// Every recorded exchange with a responses API, when the recordings are there: read, and written again, with nothing lost.
#include "tests/providers/openai/responses_samples.hpp"

#include <fstream>
#include <functional>

BOOST_AUTO_TEST_SUITE(responses_recordings)

using namespace switchyard;
using namespace switchyard::providers;
using neutral::part_kind;

namespace {

using exchange = std::function<void(const std::string& id, const boost::json::object& recorded)>;

std::size_t for_each_recording(const exchange& look) {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/../shared/data/provider-traffic/provider-traffic-public.jsonl");
  std::size_t count = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.find("/responses\"") == std::string::npos && line.find("/responses?") == std::string::npos) continue;
    const auto recorded = boost::json::parse(line).as_object();
    if (recorded.at("request").at("url").as_string().find("/responses") == boost::json::string::npos) continue;
    ++count;
    BOOST_TEST_CONTEXT(std::string(recorded.at("id").as_string())) { look(std::string(recorded.at("id").as_string()), recorded); }
  }
  if (count == 0) BOOST_TEST_MESSAGE("skipped: no recordings beside the source");
  return count;
}

/// What a response says, in one comparable text: the test's own reading.
std::string summary_of(const boost::json::value& response) {
  std::string out;
  const auto text_of = [&out](const boost::json::value& list, const char* mark) {
    for (const auto& each : list.as_array()) out += mark + std::string(each.at("text").as_string()) + "\n";
  };
  for (const auto& item : response.at("output").as_array()) {
    const std::string type(item.at("type").as_string());
    if (type == "message") {
      text_of(item.at("content"), "text:");
    } else if (type == "reasoning") {
      const auto& o = item.as_object();
      std::string thoughts;
      const bool has_summary = o.contains("summary") && !o.at("summary").as_array().empty();
      if (!has_summary && !o.contains("content") && !o.contains("encrypted_content")) continue;
      if (has_summary || o.contains("content"))
        for (const auto& each : (has_summary ? o.at("summary") : o.at("content")).as_array())
          thoughts += (thoughts.empty() ? "" : "\n\n") + std::string(each.at("text").as_string());
      out += "reasoning:" + thoughts + "\n";
    } else if (type == "function_call") {
      out += "call:" + std::string(item.at("call_id").as_string()) + ":" + std::string(item.at("name").as_string()) + ":" +
             boost::json::serialize(boost::json::parse(item.at("arguments").as_string())) + "\n";
    } else {
      out += "hosted:" + type + "\n";
    }
  }
  return out;
}

std::string line_of(part_kind kind, std::string_view text, std::string_view id, std::string_view name, std::string_view original) {
  switch (kind) {
    case part_kind::text: return "text:" + std::string(text) + "\n";
    case part_kind::reasoning: return "reasoning:" + std::string(text) + "\n";
    case part_kind::tool_call:
      return "call:" + json::unescape(id) + ":" + json::unescape(name) + ":" + boost::json::serialize(boost::json::parse(text)) + "\n";
    case part_kind::foreign: return "hosted:" + json::unescape(json::find(original, "type")) + "\n";
    default: return "?\n";
  }
}

std::string finish_of(neutral::finish_reason reason) {
  switch (reason) {
    case neutral::finish_reason::stop: return "stop";
    case neutral::finish_reason::tool_calls: return "tool_calls";
    default: return "other";
  }
}
std::string expected_finish(const boost::json::value& response) {
  if (response.at("status") == "incomplete") return "other";
  for (const auto& item : response.at("output").as_array())
    if (item.at("type") == "function_call") return "tool_calls";
  return "stop";
}

void check_usage(const neutral::token_counts& got, const boost::json::value& recorded) {
  BOOST_TEST(got.input.value_or(-1) == recorded.at("input_tokens").as_int64());
  BOOST_TEST(got.output.value_or(-1) == recorded.at("output_tokens").as_int64());
  BOOST_TEST(got.cached_input.value_or(-1) == recorded.at("input_tokens_details").at("cached_tokens").as_int64());
  BOOST_TEST(got.reasoning.value_or(-1) == recorded.at("output_tokens_details").at("reasoning_tokens").as_int64());
}

/// What may come out for a value: nulls are as good as nothing, and generate_summary is the old name of summary.
boost::json::value as_written(const boost::json::value& value) {
  if (value.is_array()) {
    boost::json::array out;
    for (const auto& each : value.as_array()) out.push_back(as_written(each));
    return out;
  }
  if (!value.is_object()) return value;
  boost::json::object out;
  for (const auto& member : value.as_object())
    if (!member.value().is_null()) out[member.key() == "generate_summary" ? "summary" : member.key()] = as_written(member.value());
  return out;
}

std::string written_stream(const std::string& text) {
  const auto reader = responses_dialect().open_reader({});
  const auto writer = responses_dialect().open_writer({.request_id = "r", .model = "m"});
  std::vector<neutral::event> events;
  BOOST_REQUIRE(!reader->feed(text, events));
  std::string out;
  for (const auto& each : events) writer->write(each, out);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_recorded_request_is_read_or_refused_for_kept_state) {
  for_each_recording([](const std::string&, const boost::json::object& recorded) {
    const auto& request = recorded.at("request").at("json");
    const auto body = boost::json::serialize(request);
    neutral::arena texts;
    const auto made = responses_dialect().read_request(body, texts);
    const auto& o = request.as_object();
    const bool needs_state = (o.contains("previous_response_id") && !o.at("previous_response_id").is_null()) ||
                             (o.contains("conversation") && !o.at("conversation").is_null()) ||
                             (o.contains("background") && o.at("background") == true);
    BOOST_REQUIRE_EQUAL(made.has_value(), !needs_state);
    if (!made) return;
    std::string dropped;
    const auto out = test::written_request(*made, &dropped).as_object();
    BOOST_TEST((dropped.empty() || dropped == "input.phase"), dropped);
    for (const auto& member : o) {
      if (member.key() == "model" || member.key() == "input" || member.value().is_null() || member.value() == false) continue;
      BOOST_REQUIRE_MESSAGE(out.contains(member.key()), std::string(member.key()));
      if (member.key() == "text" && member.value().at("format").at("type") == "text") continue;
      BOOST_TEST(out.at(member.key()) == as_written(member.value()), std::string(member.key()));
    }
    if (!o.at("input").is_array()) return;
    // Every call, result and sealed thought reaches the other side.
    for (const auto& item : o.at("input").as_array())
      for (const char* id : {"call_id", "encrypted_content"})
        if (item.as_object().contains(id) && item.at(id).is_string()) {
          bool found = false;
          for (const auto& written : out.at("input").as_array())
            found |= written.as_object().contains(id) && written.at(id) == item.at(id) && written.at("type") == item.at("type");
          BOOST_TEST(found, id);
        }
  });
}

BOOST_AUTO_TEST_CASE(every_recorded_answer_is_read_as_it_was_and_written_again) {
  for_each_recording([](const std::string&, const boost::json::object& recorded) {
    const auto& o = recorded.at("response").as_object();
    if (!o.contains("json") || !o.at("json").as_object().contains("output")) return;
    const auto& response = o.at("json");
    const auto body = boost::json::serialize(response);
    neutral::arena texts;
    const auto made = responses_dialect().read_answer(body, texts);
    if (response.at("status") == "queued" || response.at("status") == "in_progress") {
      BOOST_TEST(!made.has_value());
      return;
    }
    BOOST_REQUIRE(made.has_value());
    std::string got;
    for (const auto& part : made->choices.at(0).parts) {
      const auto text = part.kind == part_kind::tool_call ? std::string(part.arguments) : json::unescape(part.text);
      got += line_of(part.kind, text, part.id, part.name, part.original);
    }
    BOOST_TEST(got == summary_of(response));
    BOOST_TEST(finish_of(made->choices.at(0).finish) == expected_finish(response));
    check_usage(made->usage, response.at("usage"));
    std::string out;
    responses_dialect().write_answer(*made, {.request_id = "r", .model = "m"}, out);
    BOOST_TEST(summary_of(boost::json::parse(out)) == summary_of(response));
  });
}

BOOST_AUTO_TEST_CASE(every_recorded_stream_is_read_as_it_was_and_written_again) {
  for_each_recording([](const std::string&, const boost::json::object& recorded) {
    const auto& o = recorded.at("response").as_object();
    if (!o.contains("text") || o.at("status").as_int64() != 200) return;
    const std::string text(o.at("text").as_string());
    const auto at = text.rfind("\"type\":\"response.completed\"");
    BOOST_REQUIRE(at != std::string::npos);
    const auto line = text.rfind("data: ", at) + 6;
    const auto response = boost::json::parse(text.substr(line, text.find('\n', line) - line)).at("response");
    const auto read = test::read_pieces({text});
    BOOST_REQUIRE(!read.problem);
    BOOST_TEST(read.ended);
    std::string got;
    for (const auto& part : read.parts) got += line_of(part.kind, part.text, part.id, part.name, part.original);
    BOOST_TEST(got == summary_of(response));
    BOOST_TEST(finish_of(read.finish) == expected_finish(response));
    check_usage(read.usage, response.at("usage"));
    const auto events = test::events_of(written_stream(text));
    BOOST_TEST(summary_of(events.back().at("response")) == summary_of(response));
  });
}

BOOST_AUTO_TEST_SUITE_END()

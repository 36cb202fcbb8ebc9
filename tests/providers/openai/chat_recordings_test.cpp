// Every recorded chat exchange is understood: text, calls, usage and ends as recorded, through this dialect and back.
//
// The recordings are no part of this repository; where they are not beside it, this says so and passes.
#include "tests/providers/translated.hpp"

BOOST_AUTO_TEST_SUITE(chat_recordings)

using namespace switchyard;
using namespace switchyard::providers;
using test::heard;

namespace {

struct exchange {
  std::string id;
  boost::json::object request;
  boost::json::value answer;   // json
  std::string stream;          // text
};

/// Those of chat completions, answered by 200.
const std::vector<exchange>& exchanges() {
  static const auto all = [] {
    std::vector<exchange> out;
    std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/../shared/data/provider-traffic/provider-traffic-public.jsonl");
    if (!in) BOOST_TEST_MESSAGE("skipped: ../shared/data/provider-traffic is not here");
    for (std::string line; std::getline(in, line);) {
      const auto row = boost::json::parse(line).as_object();
      const auto& request = row.at("request").as_object();
      const auto& response = row.at("response").as_object();
      const std::string url(request.at("url").as_string());
      if (url.find("/chat/completions") == std::string::npos || response.at("status").to_number<int>() != 200) continue;
      exchange one;
      one.id = row.at("id").as_string().c_str();
      if (const auto* body = request.if_contains("json")) one.request = body->as_object();
      if (const auto* body = response.if_contains("json")) one.answer = *body;
      if (const auto* body = response.if_contains("text")) one.stream = body->as_string().c_str();
      out.push_back(std::move(one));
    }
    return out;
  }();
  return all;
}

/// Leaves of a recorded message.
std::string text_of(const boost::json::value& content) {
  if (content.is_string()) return content.as_string().c_str();
  std::string out;
  if (content.is_array())
    for (const auto& part : content.as_array())
      if (const auto* text = part.as_object().if_contains("text")) out += text->as_string().c_str();
  return out;
}
std::string thoughts_of(const boost::json::object& message) {
  for (const char* name : {"reasoning_content", "reasoning"})
    if (const auto* text = message.if_contains(name); text && text->is_string() && !text->as_string().empty()) return text->as_string().c_str();
  std::string out;
  if (const auto* content = message.if_contains("content"); content && content->is_array())
    for (const auto& part : content->as_array())
      if (const auto* thinking = part.as_object().if_contains("thinking"))
        for (const auto& piece : thinking->as_array()) out += piece.at("text").as_string().c_str();
  return out;
}

/// What a plain reading of the recording gives.
heard recorded(const boost::json::object& message) {
  heard out;
  if (const auto* content = message.if_contains("content")) out.text = text_of(*content);
  out.thoughts = thoughts_of(message);
  if (const auto* calls = message.if_contains("tool_calls"); calls && calls->is_array())
    for (const auto& call : calls->as_array()) {
      const auto& function = call.at("function").as_object();
      const auto* id = call.as_object().if_contains("id");
      out.calls.push_back({id ? id->as_string().c_str() : "", function.at("name").as_string().c_str(),
                           boost::json::serialize(boost::json::parse(function.at("arguments").as_string()))});
    }
  return out;
}

void same(const heard& got, const heard& expected) {
  BOOST_TEST(got.text == expected.text);
  BOOST_TEST(got.thoughts == expected.thoughts);
  BOOST_REQUIRE(got.calls.size() == expected.calls.size());
  for (std::size_t i = 0; i < got.calls.size(); ++i) {
    if (!expected.calls[i].id.empty()) BOOST_TEST(got.calls[i].id == expected.calls[i].id);
    BOOST_TEST(!got.calls[i].id.empty());
    BOOST_TEST(got.calls[i].name == expected.calls[i].name);
    BOOST_TEST(got.calls[i].arguments == expected.calls[i].arguments);
  }
}

/// A recorded stream joined by a plain reading.
struct joined_stream {
  heard said;
  std::string finish;
  std::int64_t input = -1, output = -1;
  bool error = false;
  bool valid = false;
};
joined_stream join(const std::string& stream) {
  joined_stream out;
  std::istringstream lines(stream);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("data: {")) continue;
    out.valid = true;
    const auto chunk = boost::json::parse(line.substr(6)).as_object();
    out.error |= chunk.contains("error");
    const auto* usage = chunk.if_contains("usage");
    if (const auto* groq = chunk.if_contains("x_groq"); groq && !usage) usage = groq->as_object().if_contains("usage");
    if (usage && usage->is_object())
      out.input = usage->at("prompt_tokens").to_number<std::int64_t>(), out.output = usage->at("completion_tokens").to_number<std::int64_t>();
    const auto* choices = chunk.if_contains("choices");
    if (!choices) continue;
    for (const auto& choice : choices->as_array()) {
      const auto& delta = choice.at("delta").as_object();
      if (const auto* text = delta.if_contains("content"); text && text->is_string()) out.said.text += text->as_string().c_str();
      out.said.thoughts += thoughts_of(delta);
      if (const auto* calls = delta.if_contains("tool_calls"); calls && calls->is_array())
        for (const auto& call : calls->as_array()) {
          const auto index = call.at("index").to_number<std::size_t>();
          if (out.said.calls.size() <= index) out.said.calls.resize(index + 1);
          auto& into = out.said.calls[index];
          if (const auto* id = call.as_object().if_contains("id"); id && id->is_string()) into.id = id->as_string().c_str();
          const auto& function = call.at("function").as_object();
          if (const auto* name = function.if_contains("name"); name && name->is_string()) into.name = name->as_string().c_str();
          if (const auto* more = function.if_contains("arguments"); more && more->is_string()) into.arguments += more->as_string().c_str();
        }
      if (const auto& finish = choice.at("finish_reason"); finish.is_string()) out.finish = finish.as_string().c_str();
    }
  }
  for (auto& call : out.said.calls) call.arguments = boost::json::serialize(boost::json::parse(call.arguments));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_recorded_answer_is_read_as_recorded_and_written_again) {
  std::size_t count = 0;
  for (const auto& one : exchanges()) {
    if (!one.answer.is_object()) continue;
    BOOST_TEST_CONTEXT(one.id) {
      ++count;
      const auto body = boost::json::serialize(one.answer);
      neutral::arena texts;
      const auto answer = chat_dialect().read_answer(body, texts);
      BOOST_REQUIRE_MESSAGE(answer, (answer ? std::string() : answer.failure().message));
      const auto& choices = one.answer.at("choices").as_array();
      BOOST_REQUIRE(answer->choices.size() == choices.size());
      const auto& usage = one.answer.at("usage").as_object();
      BOOST_TEST(*answer->usage.input == usage.at("prompt_tokens").to_number<std::int64_t>());
      BOOST_TEST(*answer->usage.output == usage.at("completion_tokens").to_number<std::int64_t>());
      const auto expected = recorded(choices[0].at("message").as_object());
      same(test::hear(answer->choices[0].parts), expected);

      std::string out;
      chat_dialect().write_answer(*answer, {.request_id = "r", .model = "m", .created = 1}, out);
      const auto written = boost::json::parse(out).as_object();
      BOOST_TEST(written.at("choices").at(0).at("finish_reason") == choices[0].at("finish_reason"));
      same(recorded(written.at("choices").at(0).at("message").as_object()), expected);
      BOOST_TEST(written.at("model") == one.answer.at("model"));
      BOOST_TEST(written.at("usage").at("prompt_tokens") == usage.at("prompt_tokens"));
      BOOST_TEST(written.at("usage").at("completion_tokens") == usage.at("completion_tokens"));
    }
  }
  BOOST_TEST_MESSAGE(count << " recorded answers");
  BOOST_TEST((count > 60 || exchanges().empty()));
}

BOOST_AUTO_TEST_CASE(every_recorded_stream_is_read_as_recorded_however_it_is_cut_and_written_again) {
  random_source random(20251126);
  std::size_t count = 0;
  for (const auto& one : exchanges()) {
    if (one.stream.empty()) continue;
    const auto expected = join(one.stream);
    if (!expected.valid) continue;   // a mirror of the request, no stream
    BOOST_TEST_CONTEXT(one.id) {
      ++count;
      for (int round = 0; round < 8; ++round) {
        const auto pieces = round == 0 ? std::vector<std::string_view>{one.stream} : test::random_pieces(one.stream, random);
        const auto seen = test::translate(chat_dialect(), chat_dialect(), pieces);
        BOOST_REQUIRE_EQUAL(seen.problem.has_value(), expected.error);
        BOOST_TEST(seen.complaint == "");
        if (expected.error) {
          BOOST_TEST(!seen.ended);
          continue;
        }
        BOOST_TEST(seen.ended);
        BOOST_REQUIRE(seen.choices.size() == 1u);
        same(seen.choices[0], expected.said);
        BOOST_TEST(*seen.usage.input == expected.input);
        BOOST_TEST(*seen.usage.output == expected.output);
        const auto again = join(seen.written);
        same(again.said, expected.said);
        BOOST_TEST(again.finish == expected.finish);
        BOOST_TEST(again.input == expected.input);
        BOOST_TEST(again.output == expected.output);
        BOOST_TEST(seen.written.ends_with("data: [DONE]\n\n"));
      }
    }
  }
  BOOST_TEST_MESSAGE(count << " recorded streams");
  BOOST_TEST((count >= 10 || exchanges().empty()));
}

BOOST_AUTO_TEST_CASE(every_recorded_request_reads_the_same_after_it_was_written) {
  const auto known = [](const boost::json::object& body, std::string_view name) { return body.if_contains(name) && !body.at(name).is_null(); };
  for (auto one : exchanges()) {
    if (one.request.empty()) continue;
    if (known(one.request, "tools")) {   // hosted tools are the provider's own
      auto& tools = one.request.at("tools").as_array();
      for (std::size_t i = tools.size(); i-- > 0;)
        if (!tools[i].as_object().contains("function")) tools.erase(tools.begin() + static_cast<std::ptrdiff_t>(i));
      if (tools.empty()) one.request.erase("tools"), one.request.erase("tool_choice");
    }
    BOOST_TEST_CONTEXT(one.id) {
      const auto body = boost::json::serialize(one.request);
      neutral::arena texts;
      const auto request = chat_dialect().read_request(body, texts);
      BOOST_REQUIRE_MESSAGE(request, (request ? std::string() : request.failure().message));
      for (const bool original : {true, false}) {
        config::provider_config provider;
        provider.name = original ? "openai" : "local";
        std::string out;
        neutral::dropped_fields dropped;
        const write_target where{.model = "m", .provider = &provider};
        BOOST_REQUIRE(chat_dialect().write_request(*request, where, out, dropped));
        const auto written = boost::json::parse(out).as_object();
        for (const char* name : {"tools", "tool_choice", "n", "temperature", "top_p", "response_format", "frequency_penalty", "presence_penalty"}) {
          BOOST_TEST(known(one.request, name) == known(written, name), name);
          if (!known(one.request, name) || !known(written, name) || std::string_view(name) == "tools") continue;
          const auto expected = one.request.at(name) == "any" ? boost::json::value("required") : one.request.at(name);   // Mistral's word
          BOOST_TEST(written.at(name) == expected, name);
        }
        if (known(one.request, "tools")) BOOST_TEST(written.at("tools").as_array().size() == one.request.at("tools").as_array().size());
        // The second writing is the first one's: nothing drifts.
        neutral::arena more;
        const auto again = chat_dialect().read_request(out, more);
        BOOST_REQUIRE(again);
        std::string twice;
        neutral::dropped_fields none;
        BOOST_REQUIRE(chat_dialect().write_request(*again, where, twice, none));
        BOOST_TEST(twice == out);
        BOOST_TEST(none.names().empty());
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

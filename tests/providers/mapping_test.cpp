// providers/MAPPING.md says what becomes of each feature in each format; here the writers say it, and both must agree.
#include "providers/dialect.hpp"
#include "providers/json_document.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(mapping)

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::providers::neutral;

namespace {

constexpr json_text png = R"("image/png")", pdf = R"("application/pdf")", wav = R"("audio/wav")", mp4 = R"("video/mp4")";
constexpr json_text bytes = R"("aGVsbG8=")";
constexpr json_text link = R"("https://example.com/x")";
constexpr json_text schema = R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false})";

part text_part(json_text text) { return {.kind = part_kind::text, .text = text}; }

void add(request& to, part what, role by = role::user) { to.messages.push_back({by, {}, {std::move(what)}}); }

void add_tool(request& to) { to.tools.push_back({.name = R"("get_weather")", .description = R"("Weather")", .parameters = schema}); }

/// A call and its result, as the last two turns.
void add_call(request& to, part result, json_text signature = {}) {
  add_tool(to);
  add(to, {.kind = part_kind::tool_call, .name = R"("get_weather")", .id = R"("call_1")", .arguments = R"({"city":"Ulm"})", .signature = signature}, role::assistant);
  result.kind = part_kind::tool_result;
  result.id = R"("call_1")";
  result.name = R"("get_weather")";
  if (result.content.empty()) result.content = {text_part(R"("Rain")")};
  add(to, std::move(result));
}

struct feature {
  std::string_view name;
  std::function<void(request&)> put;
};

const std::vector<feature>& features() {
  static const std::vector<feature> all = {
      {"system message", [](request& r) { r.messages.insert(r.messages.begin(), {role::system, {}, {text_part(R"("Be brief")")}}); }},
      {"developer message", [](request& r) { r.messages.insert(r.messages.begin(), {role::developer, {}, {text_part(R"("Be brief")")}}); }},
      {"system message between turns", [](request& r) { add(r, text_part(R"("Hm")"), role::assistant); add(r, text_part(R"("Now in French")"), role::system); add(r, text_part(R"("Go")")); }},
      {"participant's name", [](request& r) { r.messages.back().name = R"("ann")"; }},
      {"image, bytes", [](request& r) { add(r, {.kind = part_kind::image, .media_type = png, .data = bytes}); }},
      {"image, link", [](request& r) { add(r, {.kind = part_kind::image, .url = link}); }},
      {"image detail", [](request& r) { add(r, {.kind = part_kind::image, .media_type = png, .data = bytes, .detail = R"("low")"}); }},
      {"file, bytes", [](request& r) { add(r, {.kind = part_kind::file, .media_type = pdf, .data = bytes, .name = R"("a.pdf")"}); }},
      {"file, link", [](request& r) { add(r, {.kind = part_kind::file, .media_type = pdf, .url = link}); }},
      {"file, provider's id", [](request& r) { add(r, {.kind = part_kind::file, .file_id = R"("file-1")"}); }},
      {"audio, bytes", [](request& r) { add(r, {.kind = part_kind::audio, .media_type = wav, .data = bytes}); }},
      {"video, bytes", [](request& r) { add(r, {.kind = part_kind::video, .media_type = mp4, .data = bytes}); }},
      {"tool call and result", [](request& r) { add_call(r, {}); }},
      {"tool result, failed", [](request& r) { add_call(r, {.is_error = true}); }},
      {"tool result with an image", [](request& r) { add_call(r, {.content = {text_part(R"("See")"), {.kind = part_kind::image, .media_type = png, .data = bytes}}}); }},
      {"tool call's signature", [](request& r) { add_call(r, {}, R"("c2ln")"); }},
      {"reasoning with signature", [](request& r) {
         add_call(r, {});
         r.messages[r.messages.size() - 2].parts.insert(r.messages[r.messages.size() - 2].parts.begin(), {.kind = part_kind::reasoning, .text = R"("Hm")", .signature = R"("c2ln")"});
       }},
      {"reasoning, redacted", [](request& r) {
         add_call(r, {});
         r.messages[r.messages.size() - 2].parts.insert(r.messages[r.messages.size() - 2].parts.begin(), {.kind = part_kind::redacted_reasoning, .data = bytes});
       }},
      {"refusal in the history", [](request& r) { add(r, {.kind = part_kind::refusal, .text = R"("No")"}, role::assistant); add(r, text_part(R"("Why")")); }},
      {"cache control", [](request& r) { r.messages.back().parts.back().cache_control = R"({"type":"ephemeral"})"; }},
      {"function tool", [](request& r) { add_tool(r); }},
      {"strict function tool", [](request& r) { add_tool(r); r.tools.back().strict = "true"; }},
      {"hosted tool", [](request& r) { r.tools.push_back({.original = R"({"type":"elsewhere_search"})", .kind = "elsewhere_search"}); }},
      {"tool choice: auto", [](request& r) { add_tool(r); r.choice = tool_mode::automatic; }},
      {"tool choice: none", [](request& r) { add_tool(r); r.choice = tool_mode::none; }},
      {"tool choice: required", [](request& r) { add_tool(r); r.choice = tool_mode::required; }},
      {"tool choice: one tool", [](request& r) { add_tool(r); r.choice = tool_mode::named; r.chosen_tool = R"("get_weather")"; }},
      {"no parallel tool calls", [](request& r) { add_tool(r); r.parallel_tool_calls = false; }},
      {"JSON mode", [](request& r) { r.format.shape = output_shape::json_object; }},
      {"JSON schema", [](request& r) { r.format = {.shape = output_shape::json_schema, .schema = schema, .name = R"("place")"}; }},
      {"reasoning effort", [](request& r) { r.reasoning = {.effort = R"("low")", .name = "reasoning_effort"}; }},
      {"reasoning budget", [](request& r) { r.reasoning = {.budget = 2048, .name = "thinking"}; }},
      {"max output tokens", [](request& r) { r.max_output_tokens = {"4000", "max_tokens"}; }},
      {"temperature", [](request& r) { r.temperature = {"0.5", "temperature"}; }},
      {"temperature above 1", [](request& r) { r.temperature = {"1.5", "temperature"}; }},
      {"top_p", [](request& r) { r.top_p = {"0.9", "top_p"}; }},
      {"top_k", [](request& r) { r.top_k = {"40", "top_k"}; }},
      {"stop sequences", [](request& r) { r.stop = {R"(["END"])", "stop"}; }},
      {"seed", [](request& r) { r.seed = {"7", "seed"}; }},
      {"several choices", [](request& r) { r.choices = {"2", "n"}; }},
      {"frequency penalty", [](request& r) { r.frequency_penalty = {"0.5", "frequency_penalty"}; }},
      {"presence penalty", [](request& r) { r.presence_penalty = {"0.5", "presence_penalty"}; }},
      {"logprobs", [](request& r) { r.logprobs = {"true", "logprobs"}; r.top_logprobs = {"2", "top_logprobs"}; }},
      {"logit bias", [](request& r) { r.logit_bias = {R"({"50256":-100})", "logit_bias"}; }},
      {"end user", [](request& r) { r.user = {R"("u-1")", "user"}; }},
      {"metadata", [](request& r) { r.metadata = {R"({"team":"a"})", "metadata"}; }},
      {"service tier", [](request& r) { r.service_tier = {R"("flex")", "service_tier"}; }},
      {"verbosity", [](request& r) { r.verbosity = {R"("low")", "verbosity"}; }},
      {"predicted output", [](request& r) { r.prediction = {R"({"type":"content","content":"x"})", "prediction"}; }},
      {"store", [](request& r) { r.store = {"true", "store"}; }},
      {"audio output", [](request& r) { r.modalities = {R"(["text","audio"])", "modalities"}; r.audio = {R"({"voice":"alloy","format":"wav"})", "audio"}; }},
      {"safety settings", [](request& r) { r.safety_settings = {R"([{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NONE"}])", "safetySettings"}; }},
      {"cached content", [](request& r) { r.cached_content = {R"("cachedContents/1")", "cachedContent"}; }},
      {"guardrail", [](request& r) { r.guardrail = {R"({"guardrailIdentifier":"g","guardrailVersion":"1"})", "guardrailConfig"}; }},
      {"a field nobody knows", [](request& r) { r.unknown.push_back("novelty"); }},
  };
  return all;
}

const dialect* const columns[] = {&chat_dialect(), &responses_dialect(), &messages_dialect(), &generate_content_dialect(), &converse_dialect(), &cohere_dialect()};
constexpr std::string_view models[] = {"gpt-4o", "gpt-4o", "claude-sonnet-4-5", "gemini-2.5-flash", "anthropic.claude-sonnet-4-5-v1:0", "command-a-03-2025"};

/// "said", "dropped" or "refused", as the writer does.
std::string verdict(const dialect& to, std::string_view model, const feature& what) {
  request asked;
  add(asked, text_part(R"("Hello")"));
  what.put(asked);
  std::string body;
  dropped_fields dropped;
  const auto outcome = to.write_request(asked, {.model = model}, body, dropped);
  if (!outcome) return "refused";
  json::document document;
  BOOST_TEST(document.parse_copy(body), document.fault() << '\n' << body);
  return dropped.names().empty() ? "said" : "dropped";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_table_says_what_the_writers_do) {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/providers/MAPPING.md");
  std::ostringstream text;
  text << in.rdbuf();
  const std::string page = text.str();
  std::string table;
  for (const auto& what : features()) {
    std::string line = "| " + std::string(what.name) + " |";
    for (std::size_t at = 0; at < std::size(columns); ++at) line += " " + verdict(*columns[at], models[at], what) + " |";
    if (page.find(line + "\n") == std::string::npos) table += line + "\n";
  }
  BOOST_TEST(table.empty(), "providers/MAPPING.md lacks these lines:\n" << table);
}

BOOST_AUTO_TEST_CASE(the_list_of_what_was_dropped_has_a_bound_and_says_so) {
  const std::string half(499, 'a');
  dropped_fields dropped;
  dropped.add(half);
  dropped.add("b,\n");
  dropped.add(half);
  BOOST_TEST(dropped.list() == half + ",b__");
  dropped.add(std::string(496, 'c'));   // 1,000 with the commas
  BOOST_TEST(dropped.list().size() == 1000u);
  for (int i = 0; i < 100'000; ++i) dropped.add("more" + std::to_string(i));
  BOOST_TEST(dropped.list().size() == 1004u);
  BOOST_TEST(dropped.list().ends_with("c,..."));
  BOOST_TEST(dropped.names().size() == 3u);
  dropped_fields none;
  none.add(std::string(1001, 'a'));
  BOOST_TEST(none.list() == "...");
}

BOOST_AUTO_TEST_SUITE_END()

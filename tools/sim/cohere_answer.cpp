// Chat: one event per token, so that streams can be paced. A plan comes before calls; contents and calls count from 0, each for itself.
#include "tools/sim/cohere_answer.hpp"

#include "tools/sim/cohere.hpp"
#include "tools/sim/cohere_request.hpp"
#include "tools/sim/embedding.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::size_t preamble_tokens = 500;   // Cohere's own, before every prompt: counted, not billed

std::string_view finish_reason(ending why) {
  switch (why) {
    case ending::length: return "MAX_TOKENS";
    case ending::tool_calls: return "TOOL_CALL";
    case ending::stop_sequence: return "STOP_SEQUENCE";
    case ending::stop: break;
  }
  return "COMPLETE";
}

json::object usage_object(std::size_t input, std::size_t output) {
  return {{"billed_units", {{"input_tokens", input}, {"output_tokens", output}}}, {"tokens", {{"input_tokens", input + preamble_tokens}, {"output_tokens", output}}}, {"cached_tokens", 0}};
}

/// What is said before calls: a plan, unless the model thought aloud.
std::string plan_of(const generated& answer) {
  if (answer.calls.empty() || !answer.thinking.empty()) return {};
  return answer.text.empty() ? "I will call " + answer.calls.front().name + "." : answer.text;
}

json::object call_object(const tool_call& made, std::string_view arguments) {
  return {{"id", made.id_as(made.name + "_")}, {"type", "function"}, {"function", {{"name", made.name}, {"arguments", arguments}}}};
}

json::object message_object(const generated& answer) {
  json::object message{{"role", "assistant"}};
  json::array content;
  if (!answer.thinking.empty()) content.push_back(json::object{{"type", "thinking"}, {"thinking", answer.thinking}});
  if (answer.calls.empty()) content.push_back(json::object{{"type", "text"}, {"text", answer.text}});
  if (!content.empty()) message["content"] = std::move(content);
  if (const auto plan = plan_of(answer); !plan.empty()) message["tool_plan"] = plan;
  if (answer.calls.empty()) return message;
  json::array calls;
  for (const tool_call& made : answer.calls) calls.push_back(call_object(made, made.arguments));
  message["tool_calls"] = std::move(calls);
  return message;
}

std::string event_text(std::string_view type, json::object members) {
  json::object data{{"type", type}};
  for (auto& [name, value] : members) data[name] = std::move(value);
  return "event: " + std::string(type) + "\ndata: " + json::serialize(data) + "\n\n";
}

class event_list {
 public:
  explicit event_list(std::vector<stream_event>& out) : out_(out) {}

  void start(std::string_view id) {
    add("message-start", {{"id", id}, {"delta", {{"message", {{"role", "assistant"}, {"content", json::array()}, {"tool_plan", ""}, {"tool_calls", json::array()}, {"citations", json::array()}}}}}}, 0);
  }

  void content(std::size_t index, std::string_view type, std::string_view text) {
    add("content-start", {{"index", index}, {"delta", message("content", json::object{{"type", type}, {type, ""}})}}, 0);
    for (const std::string_view piece : split_tokens(text)) add("content-delta", {{"index", index}, {"delta", message("content", json::object{{type, piece}})}}, 1);
    add("content-end", {{"index", index}}, 0);
  }

  void plan(std::string_view text) {
    for (const std::string_view piece : split_tokens(text)) add("tool-plan-delta", {{"delta", message("tool_plan", json::value(piece))}}, 1);
  }

  void call(std::size_t index, const tool_call& made) {
    add("tool-call-start", {{"index", index}, {"delta", message("tool_calls", call_object(made, ""))}}, 1);
    for (const std::string_view piece : split_tokens(made.arguments))
      add("tool-call-delta", {{"index", index}, {"delta", message("tool_calls", json::object{{"function", {{"arguments", piece}}}})}}, 1);
    add("tool-call-end", {{"index", index}}, 0);
  }

 private:
  static json::object message(std::string_view name, json::value what) { return {{"message", json::object{{name, std::move(what)}}}}; }
  void add(std::string_view type, json::object members, std::size_t tokens) { out_.push_back({event_text(type, std::move(members)), tokens}); }

  std::vector<stream_event>& out_;
};

reply refused_embed(std::string_view why) { return cohere_refusal(400, "invalid request: " + std::string(why)); }

}  // namespace

std::string cohere_id(std::string_view text) {
  std::string out = stable_id(text, 1) + stable_id(text, 2).substr(0, 8);
  for (const std::size_t at : {8, 13, 18, 23}) out.insert(at, 1, '-');
  return out;
}

reply answer_cohere_chat(const conversation& asked, const call& from) {
  const generated answer = generate(asked, from).front();
  reply out{.model = asked.model, .input_tokens = asked.input.total(), .output_tokens = answer.tokens};
  const std::string id = cohere_id(asked.model + asked.prompt);
  const json::object usage = usage_object(out.input_tokens, out.output_tokens);
  if (!asked.stream) {
    out.body = json::serialize(json::object{{"id", id}, {"finish_reason", finish_reason(answer.why)}, {"message", message_object(answer)}, {"usage", usage}});
    return out;
  }
  out.content_type = "text/event-stream";
  event_list events(out.events);
  events.start(id);
  std::size_t contents = 0;
  if (!answer.thinking.empty()) events.content(contents++, "thinking", answer.thinking);
  events.plan(plan_of(answer));
  if (answer.calls.empty()) events.content(contents, "text", answer.text);
  for (std::size_t i = 0; i < answer.calls.size(); ++i) events.call(i, answer.calls[i]);
  out.last = event_text("message-end", {{"id", id}, {"delta", {{"finish_reason", finish_reason(answer.why)}, {"usage", usage}}}});
  return out;
}

reply answer_cohere_embed(const json::object& body) {
  const std::string model(text_of(body, "model"));
  if (const auto name = unknown_key(body, {"model", "texts", "images", "inputs", "input_type", "max_tokens", "output_dimension", "embedding_types", "truncate", "priority"}); !name.empty())
    return unknown_cohere_field(name);
  const json::array* texts = array_of(body, "texts");
  if (!texts || texts->empty() || texts->size() > 96) return refused_embed("texts must be 1 to 96 strings");
  if (!is_one_of(text_of(body, "input_type"), {"search_document", "search_query", "classification", "clustering", "image"}))
    return refused_embed("valid input_type must be provided with the provided model");
  if (const json::value* cut = field_of(body, "truncate"); cut && *cut != "NONE" && *cut != "START" && *cut != "END") return refused_embed("truncate must be NONE, START or END");
  const json::array* types = array_of(body, "embedding_types");
  if (!types) return refused_embed("embedding_types must be an array");
  for (const json::value& type : *types)
    if (type != "float") return refused_embed("this simulator has embeddings of type float only");
  std::int64_t dimensions = 256;
  if (const json::value* wanted = field_of(body, "output_dimension")) {
    dimensions = integer_of(*wanted).value_or(0);
    if (dimensions != 256 && dimensions != 512 && dimensions != 1024 && dimensions != 1536) return refused_embed("output_dimension must be 256, 512, 1024 or 1536");
  }
  reply out{.model = model};
  json::array vectors;
  for (const json::value& entry : *texts) {
    if (!entry.is_string()) return refused_embed("texts must be strings");
    out.input_tokens += count_tokens(entry.get_string());
    const std::vector<float> vector = embed_text(model, entry.get_string(), static_cast<std::size_t>(dimensions));
    vectors.push_back(json::array(vector.begin(), vector.end()));
  }
  out.body = json::serialize(json::object{{"id", cohere_id(model)}, {"texts", *texts}, {"embeddings", {{"float", std::move(vectors)}}},
                                          {"meta", {{"api_version", {{"version", "2"}}}, {"billed_units", {{"input_tokens", out.input_tokens}}}}}, {"response_type", "embeddings_by_type"}});
  return out;
}

}  // namespace switchyard::sim

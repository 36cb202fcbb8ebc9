// Chat completions, legacy completions and models. One SSE event per token, so streams can be paced by tokens.
#include "tools/sim/openai_answer.hpp"

#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t models_created = 1735689600;   // 2025-01-01, the same for every model

std::string_view finish_reason(ending why) {
  switch (why) {
    case ending::length: return "length";
    case ending::tool_calls: return "tool_calls";
    case ending::stop:
    case ending::stop_sequence: break;
  }
  return "stop";
}

std::size_t total_tokens(const std::vector<generated>& answers) {
  std::size_t sum = 0;
  for (const generated& a : answers) sum += a.tokens;
  return sum;
}

json::object usage_object(std::size_t input, std::size_t output) {
  return {{"prompt_tokens", input},
          {"completion_tokens", output},
          {"total_tokens", input + output},
          {"prompt_tokens_details", {{"cached_tokens", 0}, {"audio_tokens", 0}}},
          {"completion_tokens_details", {{"reasoning_tokens", 0}, {"audio_tokens", 0}, {"accepted_prediction_tokens", 0}, {"rejected_prediction_tokens", 0}}}};
}

json::object call_object(const tool_call& made) {
  return {{"id", made.id}, {"type", "function"}, {"function", {{"name", made.name}, {"arguments", made.arguments}}}};
}

/// The JSON of one chunk after another; they differ in `choices` only.
class chunk_printer {
 public:
  chunk_printer(std::string_view id, std::string_view object, std::string_view model, std::int64_t created, bool usage_follows) {
    head_ = "data: {\"id\":\"" + std::string(id) + "\",\"object\":\"" + std::string(object) + "\",\"created\":" + std::to_string(created) +
            ",\"model\":" + json::serialize(json::value(model)) + ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_switchyard_sim\",\"choices\":[";
    tail_ = usage_follows ? "],\"usage\":null}\n\n" : "]}\n\n";
  }
  [[nodiscard]] stream_event choice(std::string_view body, std::size_t tokens) const { return {head_ + std::string(body) + tail_, tokens}; }
  [[nodiscard]] stream_event usage(const json::object& numbers) const { return {head_ + "],\"usage\":" + json::serialize(numbers) + "}\n\n", 0}; }

 private:
  std::string head_;
  std::string tail_;
};

std::string chat_choice(int index, std::string_view delta, std::string_view finish) {
  return "{\"index\":" + std::to_string(index) + ",\"delta\":" + std::string(delta) + ",\"logprobs\":null,\"finish_reason\":" +
         (finish.empty() ? std::string("null}") : std::string(1, '"').append(finish).append("\"}"));
}

void stream_one(const generated& answer, int index, const chunk_printer& print, std::vector<stream_event>& events) {
  const auto delta = [&](std::string_view text, std::size_t tokens) { events.push_back(print.choice(chat_choice(index, text, {}), tokens)); };
  delta(answer.calls.empty() || !answer.text.empty() ? R"({"role":"assistant","content":"","refusal":null})" : R"({"role":"assistant","content":null})", 0);
  for (const std::string_view piece : split_tokens(answer.text)) delta("{\"content\":" + json::serialize(json::value(piece)) + "}", 1);
  std::vector<std::vector<std::string_view>> arguments;
  std::size_t longest = 0;
  for (const tool_call& made : answer.calls) {
    const json::value name(made.name);
    delta("{\"tool_calls\":[{\"index\":" + std::to_string(arguments.size()) + ",\"id\":\"" + made.id + "\",\"type\":\"function\",\"function\":{\"name\":" + json::serialize(name) + ",\"arguments\":\"\"}}]}", 1);
    arguments.push_back(split_tokens(made.arguments));
    longest = std::max(longest, arguments.back().size());
  }
  // Parallel calls grow side by side: the index alone says whose a piece is.
  for (std::size_t i = 0; i < longest; ++i) {
    for (std::size_t at = 0; at < arguments.size(); ++at) {
      if (i >= arguments[at].size()) continue;
      delta("{\"tool_calls\":[{\"index\":" + std::to_string(at) + ",\"function\":{\"arguments\":" + json::serialize(json::value(arguments[at][i])) + "}}]}", 1);
    }
  }
  events.push_back(print.choice(chat_choice(index, "{}", finish_reason(answer.why)), 0));
}

json::object chat_message(const generated& answer) {
  json::object message{{"role", "assistant"}, {"content", answer.text}, {"refusal", nullptr}, {"annotations", json::array()}};
  if (!answer.calls.empty()) {
    if (answer.text.empty()) message["content"] = nullptr;
    json::array calls;
    for (const tool_call& made : answer.calls) calls.push_back(call_object(made));
    message["tool_calls"] = std::move(calls);
  }
  return message;
}

}  // namespace

json::object model_object(std::string_view id) {
  return {{"id", id}, {"object", "model"}, {"created", models_created}, {"owned_by", "switchyard-sim"}};
}

reply answer_chat(const conversation& asked, const json::object&, const call& from) {
  const std::vector<generated> answers = generate(asked, from);
  reply out{.model = asked.model, .input_tokens = asked.input.total(), .output_tokens = total_tokens(answers)};
  const std::string id = "chatcmpl-" + stable_id(asked.model + asked.prompt, asked.seed);
  const json::object usage = usage_object(out.input_tokens, out.output_tokens);
  if (asked.stream) {
    out.content_type = "text/event-stream; charset=utf-8";
    const chunk_printer print(id, "chat.completion.chunk", asked.model, from.unix_time, asked.include_usage);
    for (std::size_t i = 0; i < answers.size(); ++i) stream_one(answers[i], static_cast<int>(i), print, out.events);
    if (asked.include_usage) out.events.push_back(print.usage(usage));
    out.last = "data: [DONE]\n\n";
    return out;
  }
  json::array choices;
  for (const generated& answer : answers) {
    choices.push_back(json::object{{"index", choices.size()}, {"message", chat_message(answer)}, {"logprobs", nullptr}, {"finish_reason", finish_reason(answer.why)}});
  }
  out.body = json::serialize(json::object{{"id", id}, {"object", "chat.completion"}, {"created", from.unix_time}, {"model", asked.model},
                                          {"choices", std::move(choices)}, {"usage", usage}, {"service_tier", "default"},
                                          {"system_fingerprint", "fp_switchyard_sim"}});
  return out;
}

reply answer_completions(const std::vector<conversation>& asked, const json::object& body, const call& from) {
  const json::value* echo = body.if_contains("echo");
  const bool with_prompt = echo && echo->is_bool() && echo->get_bool();
  const conversation& first = asked.front();
  reply out{.model = first.model};
  std::vector<generated> answers;
  for (const conversation& one : asked) {
    out.input_tokens += one.input.total();
    for (generated& answer : generate(one, from)) {
      if (with_prompt) answer.text = one.prompt + answer.text;
      answers.push_back(std::move(answer));
    }
  }
  out.output_tokens = total_tokens(answers);
  const std::string id = "cmpl-" + stable_id(first.model + first.prompt, first.seed);
  const json::object usage = usage_object(out.input_tokens, out.output_tokens);
  const auto choice = [](std::size_t index, std::string_view text, const json::value& finish) {
    return json::object{{"text", text}, {"index", index}, {"logprobs", nullptr}, {"finish_reason", finish}};
  };
  if (first.stream) {
    out.content_type = "text/event-stream; charset=utf-8";
    const chunk_printer print(id, "text_completion", first.model, from.unix_time, first.include_usage);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      for (const std::string_view piece : split_tokens(answers[i].text)) out.events.push_back(print.choice(json::serialize(choice(i, piece, nullptr)), 1));
      out.events.push_back(print.choice(json::serialize(choice(i, "", json::value(finish_reason(answers[i].why)))), 0));
    }
    if (first.include_usage) out.events.push_back(print.usage(usage));
    out.last = "data: [DONE]\n\n";
    return out;
  }
  json::array choices;
  for (const generated& answer : answers) choices.push_back(choice(choices.size(), answer.text, json::value(finish_reason(answer.why))));
  out.body = json::serialize(json::object{{"id", id}, {"object", "text_completion"}, {"created", from.unix_time}, {"model", first.model},
                                          {"choices", std::move(choices)}, {"usage", usage}, {"system_fingerprint", "fp_switchyard_sim"}});
  return out;
}

}  // namespace switchyard::sim

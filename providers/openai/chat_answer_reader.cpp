// Reading a provider's complete answer: chat completions and, for the legacy API, text completions (choices[].text).
//
//   {"id","model","created","choices":[{"message":{…}|"text":S,"finish_reason","logprobs"}],"usage":{…},"service_tier"?,
//    "system_fingerprint"?,"x_groq"?:{"usage"?}}
#include "providers/openai/chat.hpp"
#include "providers/openai/error.hpp"

namespace switchyard::providers::chat {

using neutral::finish_reason;

finish_reason read_finish_reason(std::string_view value) noexcept {
  const auto text = json::inside(value);
  if (text.empty()) return finish_reason::none;
  if (text == "stop" || text == "eos" || text == "end_turn" || text == "COMPLETE") return finish_reason::stop;
  if (text == "stop_sequence") return finish_reason::stop_sequence;
  if (text == "length" || text == "max_tokens" || text == "model_length") return finish_reason::length;   // Mistral: model_length
  if (text == "tool_calls" || text == "function_call") return finish_reason::tool_calls;
  if (text == "content_filter") return finish_reason::content_filter;
  return finish_reason::other;
}

void read_usage(std::string_view object, neutral::token_counts& out) noexcept {
  if (!json::is_object(object)) return;
  std::optional<std::int64_t> total;
  const auto take = [](std::string_view value, std::optional<std::int64_t>& into) {
    if (const auto count = json::as_count(value)) into = count;
  };
  const auto details = [&](std::string_view value, std::optional<std::int64_t>& audio) {
    if (!json::is_object(value)) return;
    json::members walk(value);
    for (json::member m; walk.next(m);) {
      if (m.name == "cached_tokens") take(m.value, out.cached_input);
      else if (m.name == "cache_write_tokens") take(m.value, out.cache_write);
      else if (m.name == "reasoning_tokens") take(m.value, out.reasoning);
      else if (m.name == "audio_tokens") take(m.value, audio);
    }
  };
  std::optional<std::int64_t> cached;   // said outside the details, which go first
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (m.name == "prompt_tokens" || m.name == "input_tokens") take(m.value, out.input);
    else if (m.name == "completion_tokens" || m.name == "output_tokens") take(m.value, out.output);
    else if (m.name == "total_tokens") take(m.value, total);
    else if (m.name == "prompt_tokens_details" || m.name == "input_tokens_details") details(m.value, out.input_audio);
    else if (m.name == "completion_tokens_details" || m.name == "output_tokens_details") details(m.value, out.output_audio);
    // DeepSeek, Mistral, Moonshot
    else if (m.name == "prompt_cache_hit_tokens" || m.name == "num_cached_tokens" || m.name == "cached_tokens") take(m.value, cached);
  }
  if (!out.cached_input) out.cached_input = cached;
  // xAI leaves reasoning out of completion_tokens; only the total tells.
  if (out.input && out.output && out.reasoning && total && *out.reasoning > 0 && *total == *out.input + *out.output + *out.reasoning)
    *out.output += *out.reasoning;
}

namespace {

[[nodiscard]] error refused(std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); }

[[nodiscard]] neutral::choice read_choice(std::string_view object, int& calls, neutral::arena& texts) {
  neutral::choice out;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (m.name == "message") read_assistant(m.value, out.parts, calls, texts);
    else if (m.name == "text" && json::is_string(m.value)) out.parts.push_back({.kind = neutral::part_kind::text, .text = m.value});
    else if (m.name == "finish_reason") out.finish = read_finish_reason(m.value);
    else if (m.name == "logprobs" && json::is_object(m.value)) out.logprobs = m.value;
  }
  return out;
}

}  // namespace

result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) {
  const auto object = body.substr(json::skip_space(body, 0));
  if (!json::is_object(object)) return refused("the provider's answer is not a JSON object");
  neutral::answer out;
  std::string_view choices, failure;
  int calls = 0;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    if (m.name == "id") out.id = text_or_nothing(m.value);
    else if (m.name == "model") out.model = text_or_nothing(m.value);
    else if (m.name == "created") out.created = json::as_count(m.value);
    else if (m.name == "choices") choices = m.value;
    else if (m.name == "usage") read_usage(m.value, out.usage);
    else if (m.name == "service_tier") out.service_tier = text_or_nothing(m.value);
    else if (m.name == "system_fingerprint") out.fingerprint = text_or_nothing(m.value);
    else if (m.name == "error" && (json::has_entries(m.value) || json::has_text(m.value))) failure = m.value;
    else if (m.name == "x_groq") read_usage(json::find(m.value, "usage"), out.usage);
    else if (m.name != "object" && m.name != "error") out.unknown.push_back(m.name);
  }
  if (!json::is_array(choices)) {
    if (!failure.empty()) return judge_error(0, body, {}, wall_time{}, {}).what;
    return refused("the provider's answer has no choices");
  }
  json::elements list(choices);
  for (std::string_view entry; list.next(entry);) {
    if (!json::is_object(entry)) return refused("the provider's answer has a choice that is not an object");
    if (const auto problem = json::find(entry, "error"); json::has_entries(problem))   // OpenRouter
      return judge_error(0, entry, {}, wall_time{}, {}).what;
    out.choices.push_back(read_choice(entry, calls, texts));
  }
  return out;
}

}  // namespace switchyard::providers::chat

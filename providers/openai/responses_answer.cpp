// Complete answers of the responses API, read and written.
#include "providers/openai/error.hpp"
#include "providers/openai/responses_body.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::responses {

namespace {

using neutral::finish_reason;
using neutral::part;
using neutral::part_kind;

/// Members that say nothing beyond the request or that only OpenAI's own tools and accounting need.
constexpr std::array<std::string_view, 33> known_members = {
    "id", "object", "created_at", "completed_at", "status", "background", "error", "incomplete_details", "instructions",
    "max_output_tokens", "max_tool_calls", "model", "output", "output_text", "parallel_tool_calls", "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "temperature", "text", "tool_choice", "tools",
    "top_logprobs", "top_p", "truncation", "usage", "user", "metadata", "billing"};

[[nodiscard]] error bad_answer(std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); }

[[nodiscard]] json_text given(json_text value) noexcept { return json::is_null(value) ? json_text{} : value; }

/// Chat's form of the log probabilities that stand at a text part.
[[nodiscard]] json_text read_logprobs(json_text item, neutral::arena& texts) {
  json::elements parts(json::find(item, "content"));
  for (std::string_view each; parts.next(each);)
    if (const auto list = json::find(each, "logprobs"); json::has_entries(list))
      return texts.keep("{\"content\":" + std::string(list) + "}");
  return {};
}

}  // namespace

neutral::token_counts read_counts(json_text usage) noexcept {
  neutral::token_counts out;
  json::members walk(usage);
  for (json::member m; walk.next(m);) {
    if (m.name == "input_tokens") {
      out.input = json::as_count(m.value);
    } else if (m.name == "output_tokens") {
      out.output = json::as_count(m.value);
    } else if (m.name == "input_tokens_details") {
      out.cached_input = json::as_count(json::find(m.value, "cached_tokens"));
      out.cache_write = json::as_count(json::find(m.value, "cache_write_tokens"));
    } else if (m.name == "output_tokens_details") {
      out.reasoning = json::as_count(json::find(m.value, "reasoning_tokens"));
    }
  }
  return out;
}

finish_reason read_finish(json_text response, bool has_calls, bool has_refusal) noexcept {
  const auto reason = json::inside(json::find(json::find(response, "incomplete_details"), "reason"));
  if (reason == "max_output_tokens") return finish_reason::length;
  if (reason == "content_filter") return finish_reason::content_filter;
  if (!reason.empty() || json::is_text(json::find(response, "status"), "incomplete")) return finish_reason::other;
  if (has_calls) return finish_reason::tool_calls;
  return has_refusal ? finish_reason::refusal : finish_reason::stop;
}

result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) {
  neutral::answer out;
  json_text status, problem, output;
  json::members walk(body);
  for (json::member m; walk.next(m);) {
    const auto value = given(m.value);
    if (m.name == "id") out.id = value;
    else if (m.name == "model") out.model = value;
    else if (m.name == "created_at") out.created = json::as_count(value);
    else if (m.name == "status") status = value;
    else if (m.name == "error") problem = value;
    else if (m.name == "output") output = value;
    else if (m.name == "usage") out.usage = read_counts(value);
    else if (m.name == "service_tier") out.service_tier = value;
    else if (!value.empty() && std::find(known_members.begin(), known_members.end(), m.name) == known_members.end())
      out.unknown.push_back(m.name);
  }
  if (!walk.ok()) return bad_answer("the provider's answer is not a JSON object");
  if (json::has_entries(problem) || json::has_text(problem) || json::is_text(status, "failed"))
    return judge_error(0, "{\"error\":" + std::string(problem.empty() ? json_text("{}") : problem) + "}", {}, wall_time{}, {}).what;
  if (!json::is_array(output)) return bad_answer("the provider's answer has no output");
  if (json::is_text(status, "queued") || json::is_text(status, "in_progress") || json::is_text(status, "cancelled"))
    return bad_answer("the provider's answer is not finished: its status is " + std::string(status));

  auto& choice = out.choices.emplace_back();
  item_reader items(texts, false);
  json::elements list(output);
  for (std::string_view item; list.next(item);) {
    items.read_output(item, json::inside(json::find(item, "type")), choice.parts);
    if (choice.logprobs.empty()) choice.logprobs = read_logprobs(item, texts);
  }
  const auto has = [&](part_kind kind) {
    return std::any_of(choice.parts.begin(), choice.parts.end(), [kind](const part& p) { return p.kind == kind; });
  };
  choice.finish = read_finish(body, has(part_kind::tool_call), has(part_kind::refusal));
  return out;
}

void write_answer(const neutral::answer& what, const answer_context& context, std::string& out) {
  response_body body(context);
  body.start(what.id, what.model, what.created);
  body.set_service_tier(what.service_tier);
  auto finish = finish_reason::none;
  if (!what.choices.empty()) {
    const auto& choice = what.choices.front();
    finish = choice.finish;
    auto logprobs = json::find(choice.logprobs, "content");
    for (const auto& each : choice.parts) {
      const bool is_said = each.kind == part_kind::text || each.kind == part_kind::refusal;
      const bool joins = is_said && !body.items().empty() && body.items().back().form == item_form::message;
      if (!joins && body.add(each) == nullptr) continue;
      auto& item = body.items().back();
      if (item.form == item_form::hosted || each.kind == part_kind::redacted_reasoning) continue;
      auto& piece = item.pieces.emplace_back();
      piece.kind = each.kind;
      if (each.kind == part_kind::tool_call) append_arguments(piece.text, item.shape, each.arguments);
      else piece.text.append(json::inside(each.text));
      if (each.kind == part_kind::text && !each.citations.empty()) {
        json::out list(piece.annotations);
        write_annotations(list, each.citations);
      }
      if (each.kind == part_kind::text && json::is_array(logprobs)) {
        piece.logprobs = logprobs.substr(1, logprobs.size() - 2);
        logprobs = {};   // the first text has them all
      }
      if (each.kind == part_kind::reasoning && json::has_text(each.signature))
        item.sealed = std::string(signature_mark) + std::string(json::inside(each.signature));
      if (each.kind == part_kind::tool_call && !item.sealed.empty()) body.add_call_signature(body.items().size() - 1);
    }
  }
  auto state = body.state_of(finish);
  state.usage = &what.usage;
  body.write(state, out);
}

}  // namespace switchyard::providers::responses

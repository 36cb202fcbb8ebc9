#include "providers/gemini/answer.hpp"

#include "providers/gemini/citations.hpp"
#include "providers/gemini/error.hpp"
#include "providers/gemini/field.hpp"
#include "providers/gemini/finish.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/usage_metadata.hpp"

#include <charconv>
#include <chrono>

namespace switchyard::providers::gemini {

namespace {

using neutral::json_text;
using neutral::part_kind;

/// "2025-06-14T09:30:00.123Z" -> Unix seconds.
[[nodiscard]] std::optional<std::int64_t> read_time(json_text value) noexcept {
  const auto text = json::inside(value);
  int fields[6] = {};
  constexpr std::size_t places[6] = {0, 5, 8, 11, 14, 17};
  if (text.size() < 20 || !text.ends_with('Z')) return std::nullopt;
  for (int i = 0; i < 6; ++i) {
    const char* first = text.data() + places[i];
    const char* last = first + (i == 0 ? 4 : 2);
    if (const auto [end, problem] = std::from_chars(first, last, fields[i]); problem != std::errc{} || end != last) return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(fields[0]), std::chrono::month(static_cast<unsigned>(fields[1])),
                                         std::chrono::day(static_cast<unsigned>(fields[2]))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * 86400LL + fields[3] * 3600 + fields[4] * 60 + fields[5];
}

class reader {
 public:
  explicit reader(neutral::arena& texts) : texts_(texts) {}

  [[nodiscard]] result<neutral::answer> read(std::string_view body) {
    std::string_view feedback, candidates;
    json::members walk(body);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "candidates") candidates = m.value;
      else if (is_field(m.name, "promptFeedback")) feedback = m.value;
      else if (is_field(m.name, "usageMetadata")) read_usage(m.value);
      else if (is_field(m.name, "modelVersion")) out_.model = m.value;
      else if (is_field(m.name, "responseId")) out_.id = m.value;
      else if (is_field(m.name, "createTime")) out_.created = read_time(m.value);
      else if (m.name == "error") return judge_error(0, body, {}, wall_time{}, {}).what;
      else out_.unknown.push_back(m.name);
    }
    if (!walk.ok()) return bad_response({}).what;
    ids_ = call_ids(base_of_ids(out_.id));
    for_each(candidates, [&](std::string_view candidate) { return read_candidate(candidate), true; });
    if (out_.choices.empty()) read_feedback(feedback);
    return std::move(out_);
  }

 private:
  void read_usage(std::string_view object) {
    out_.usage = read_usage_metadata(object);
    if (const auto tier = find_field(object, "serviceTier"); json::has_text(tier)) out_.service_tier = tier;
  }

  void read_candidate(std::string_view candidate) {
    auto& choice = out_.choices.emplace_back();
    std::string_view finish, grounding, citation;
    json::members walk(candidate);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "content") read_parts(find_field(m.value, "parts"), choice);
      else if (is_field(m.name, "finishReason")) finish = m.value;
      else if (is_field(m.name, "groundingMetadata")) grounding = m.value;
      else if (is_field(m.name, "citationMetadata")) citation = m.value;
      else if (is_field(m.name, "logprobsResult")) choice.logprobs = read_logprobs(m.value, texts_);
      else if (m.name != "index") out_.unknown.push_back(texts_.keep("candidates." + std::string(m.name)));
    }
    bool calls = false;
    neutral::part* last_text = nullptr;
    std::size_t before = 0;   // characters of the text before the last text part
    text_index text;
    for (auto& part : choice.parts) {
      calls |= part.kind == part_kind::tool_call;
      if (part.kind != part_kind::text) continue;
      last_text = &part;
      before = text.characters();
      if (!grounding.empty() || !citation.empty()) text.add(part.text);
    }
    if (!finish.empty()) choice.finish = read_finish(finish, calls);
    if (last_text == nullptr || (grounding.empty() && citation.empty())) return;
    // They are about the whole text, so they stand at a part that is the whole text.
    if (before > 0) join_texts(choice);
    for (auto& part : choice.parts)
      if (part.kind == part_kind::text) part.citations = read_citations(grounding, citation, text, texts_);
  }

  /// One text part, at the place of the first, with the text of all.
  void join_texts(neutral::choice& choice) {
    std::string joined = "\"";
    neutral::part* first = nullptr;
    for (auto& part : choice.parts) {
      if (part.kind != part_kind::text) continue;
      joined += json::inside(part.text);
      if (first == nullptr) first = &part;
      else if (first->signature.empty()) first->signature = part.signature;
    }
    first->text = texts_.keep(joined + '"');
    std::erase_if(choice.parts, [&](const auto& part) { return part.kind == part_kind::text && part.text.data() != first->text.data(); });
  }

  void read_parts(std::string_view parts, neutral::choice& choice) {
    for_each(parts, [&](std::string_view object) {
      neutral::part part;
      if (read_part(object, texts_, ids_, "candidates.content.parts.", part, out_.unknown)) choice.parts.push_back(std::move(part));
      return true;
    });
  }

  /// A prompt that was blocked has no candidates.
  void read_feedback(std::string_view feedback) {
    auto& choice = out_.choices.emplace_back();
    const bool blocked = json::has_text(find_field(feedback, "blockReason"));
    choice.finish = blocked ? neutral::finish_reason::content_filter : neutral::finish_reason::other;
    if (const auto message = find_field(feedback, "blockReasonMessage"); json::has_text(message)) {
      auto& part = choice.parts.emplace_back();
      part.kind = part_kind::refusal;
      part.text = message;
    }
  }

  neutral::arena& texts_;
  call_ids ids_;
  neutral::answer out_;
};

void write_part(const neutral::part& part, json::out& out) {
  switch (part.kind) {
    case part_kind::text:
    case part_kind::refusal:
      if (json::has_text(part.text) || is_base64(part.signature)) write_text(part.text, false, part.signature, out);
      break;
    case part_kind::reasoning:
      if (json::has_text(part.text) || is_base64(part.signature)) write_text(part.text, true, part.signature, out);
      break;
    case part_kind::tool_call: write_call(part.id, part.name, part.arguments, part.signature, out); break;
    case part_kind::image:
    case part_kind::audio:
    case part_kind::video:
    case part_kind::file: (void)write_media(part, out); break;
    case part_kind::foreign:
      if (is_own(part)) out.raw(part.original);
      break;
    case part_kind::tool_result:
    case part_kind::redacted_reasoning:   // clients could not give it back as what it is
    case part_kind::cache_point: break;
  }
}

}  // namespace

std::string_view base_of_ids(json_text response_id) noexcept {
  const auto id = json::inside(response_id);
  return id.empty() ? std::string_view("gemini") : id;
}

json_text read_logprobs(std::string_view result, neutral::arena& texts) {
  std::vector<std::string_view> tops;
  for_each(find_field(result, "topCandidates"), [&](std::string_view top) { return tops.push_back(top), true; });
  std::string text;
  json::out out(text);
  const auto begin_token = [&](std::string_view candidate) {
    const auto token = find_field(candidate, "token");
    const auto logprob = find_field(candidate, "logProbability");
    out.begin_object();
    out.raw("token", token.empty() ? R"("")" : token);
    out.raw("logprob", logprob.empty() ? "0" : logprob);
    out.key("bytes");
    out.null();
  };
  out.begin_object();
  out.key("content");
  out.begin_array();
  std::size_t n = 0;
  for_each(find_field(result, "chosenCandidates"), [&](std::string_view chosen) {
    begin_token(chosen);
    out.key("top_logprobs");
    out.begin_array();
    if (n < tops.size())
      for_each(find_field(tops[n], "candidates"), [&](std::string_view candidate) {
        begin_token(candidate);
        out.end_object();
        return true;
      });
    out.end_array();
    out.end_object();
    ++n;
    return true;
  });
  out.end_array();
  out.end_object();
  return n == 0 ? json_text{} : texts.keep(std::move(text));
}

void write_logprobs(json_text logprobs, json::out& out) {
  const auto content = json::is_array(logprobs) ? logprobs : json::find(logprobs, "content");
  if (!json::has_entries(content)) return;
  const auto write_token = [&](std::string_view token) {
    out.begin_object();
    out.raw_if("token", json::find(token, "token"));
    out.raw_if("logProbability", json::find(token, "logprob"));
    out.end_object();
  };
  out.key("logprobsResult");
  out.begin_object();
  out.key("chosenCandidates");
  out.begin_array();
  for_each(content, [&](std::string_view token) { return write_token(token), true; });
  out.end_array();
  out.key("topCandidates");
  out.begin_array();
  for_each(content, [&](std::string_view token) {
    out.begin_object();
    out.key("candidates");
    out.begin_array();
    for_each(json::find(token, "top_logprobs"), [&](std::string_view top) { return write_token(top), true; });
    out.end_array();
    out.end_object();
    return true;
  });
  out.end_array();
  out.end_object();
}

result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) { return reader(texts).read(body); }

void write_answer(const neutral::answer& what, const answer_context& context, std::string& into) {
  json::out out(into);
  out.begin_object();
  out.key("candidates");
  out.begin_array();
  std::int64_t index = 0;
  for (const auto& choice : what.choices) {
    out.begin_object();
    out.key("content");
    out.begin_object();
    out.key("parts");
    out.begin_array();
    grounding_writer grounding;
    text_index text;
    for (const auto& part : choice.parts) {
      if (part.kind == part_kind::text || part.kind == part_kind::refusal) {
        grounding.add(part.citations, text.characters());
        text.add(part.text);
      }
      write_part(part, out);
    }
    out.end_array();
    out.text("role", "model");
    out.end_object();
    out.text("finishReason", finish_name(choice.finish));
    out.number("index", index++);
    if (!grounding.empty()) grounding.write(text, out);
    write_logprobs(choice.logprobs, out);
    out.end_object();
  }
  out.end_array();
  write_usage_metadata(what.usage, out);
  if (json::has_text(what.model)) out.raw("modelVersion", what.model);
  else out.text("modelVersion", context.model);
  if (json::has_text(what.id)) out.raw("responseId", what.id);
  else out.text("responseId", context.request_id);
  out.end_object();
}

}  // namespace switchyard::providers::gemini

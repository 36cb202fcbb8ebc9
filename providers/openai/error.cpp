#include "providers/openai/error.hpp"

#include "providers/failure.hpp"
#include "providers/json_scan.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace switchyard::providers {

namespace {

constexpr std::size_t longest_body = 256u << 10;      // a longer error body is not looked into
constexpr std::size_t longest_message = 2000;         // bytes

[[nodiscard]] std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

[[nodiscard]] std::string scalar_text(std::string_view value) {
  if (json::is_string(value)) return json::unescape(value);
  if (value.empty() || json::is_null(value) || json::is_object(value) || json::is_array(value)) return {};
  return std::string(value);
}

[[nodiscard]] int status_from(std::string_view text) noexcept {
  int status = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), status);
  return problem == std::errc{} && end == text.data() + text.size() && status >= 400 && status <= 599 ? status : 0;
}

/// FastAPI's "detail": a text, an object with a message, or a list of {"loc","msg"}.
[[nodiscard]] std::string detail_text(std::string_view value) {
  if (json::is_string(value)) return json::unescape(value);
  if (json::is_object(value)) {
    for (const auto name : {"message", "msg", "error", "detail"})
      if (auto text = scalar_text(json::find(value, name)); !text.empty()) return text;
  }
  std::string out;
  json::elements list(value);
  for (std::string_view entry; list.next(entry) && out.size() < longest_message;) {
    std::string text = json::is_string(entry) ? json::unescape(entry) : scalar_text(json::find(entry, "msg"));
    if (text.empty()) text = scalar_text(json::find(entry, "message"));
    if (text.empty()) continue;
    if (!out.empty()) out += "; ";
    out += text;
  }
  return out;
}

void read_object(std::string_view object, error_facts& out) {
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (m.name == "message") {
      out.message = json::is_string(m.value) ? json::unescape(m.value) : detail_text(json::find(m.value, "detail"));
    } else if (m.name == "detail" || m.name == "errors") {
      if (out.message.empty()) out.message = detail_text(m.value);
    } else if (m.name == "type") {
      out.type = scalar_text(m.value);
    } else if (m.name == "code") {
      out.code = scalar_text(m.value);
    } else if (m.name == "param") {
      out.param = scalar_text(m.value);
    } else if (m.name == "status_code" || m.name == "status") {
      out.status = status_from(scalar_text(m.value));
      if (out.status == 0 && out.type.empty()) out.type = scalar_text(m.value);   // Google's "status":"INVALID_ARGUMENT"
    } else if (m.name == "metadata") {
      // OpenRouter says "Provider returned error" and puts the reason here.
      if (auto raw = json::find(m.value, "raw"); json::has_text(raw)) out.message += ": " + json::unescape(raw);
    }
  }
  if (out.status == 0) out.status = status_from(out.code);
}

[[nodiscard]] bool any_of(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

/// Lower-cased facts in one text each, for looking words up.
struct clues {
  std::string code;      ///< code and type
  std::string message;
};

[[nodiscard]] bool says_quota(const clues& c) noexcept {
  return any_of(c.code, {"insufficient_quota", "billing_hard_limit", "billing_not_active", "insufficient_balance", "insufficient_funds",
                         "insufficient_credits", "quota_exceeded", "credit_balance"}) ||
         any_of(c.message, {"insufficient balance", "exceeded your current quota, please check your plan and billing",
                            "insufficient credits", "billing hard limit"});
}

[[nodiscard]] bool says_bad_key(const clues& c) noexcept {
  return any_of(c.code, {"invalid_api_key", "api_key_invalid", "authentication_error", "invalid_authentication"}) ||
         any_of(c.message, {"incorrect api key", "invalid api key", "api key not valid", "api key expired"});
}

[[nodiscard]] bool says_rate_limit(const clues& c) noexcept {
  return any_of(c.code, {"rate_limit", "ratelimit", "too_many_requests", "resource_exhausted", "tokens_per_min"});
}

/// A 403 that is about what was asked, not about who asks.
[[nodiscard]] bool says_request(const clues& c) noexcept {
  return any_of(c.code, {"model_not_found", "model_not_available", "content_policy", "content_filter", "moderation", "safety",
                         "invalid_request", "unsupported"}) ||
         any_of(c.message, {"does not have access to model", "content policy", "moderation", "flagged"});
}

/// The status an error without one amounts to.
[[nodiscard]] int status_of(const error_facts& facts, const clues& c) noexcept {
  if (facts.status != 0) return facts.status;
  if (says_rate_limit(c)) return 429;
  if (says_bad_key(c)) return 401;
  if (any_of(c.code, {"server_error", "internal", "overloaded", "unavailable", "timeout", "vector_store_timeout"})) return 500;
  if (any_of(c.code, {"invalid", "unsupported", "content_policy", "content_filter", "context_length", "not_found", "image_", "empty_"}))
    return 400;
  return 500;
}

[[nodiscard]] failure_kind kind_of(int status, const clues& c) noexcept {
  if (status >= 300 && status < 400) return failure_kind::bad_response;
  if (status < 400) return failure_kind::bad_response;
  if (status == 402 || (status < 500 && says_quota(c))) return failure_kind::quota_exhausted;
  if (status == 401) return failure_kind::unauthorized;
  if (status == 403) return says_request(c) && !says_bad_key(c) ? failure_kind::request_refused : failure_kind::unauthorized;
  if (status == 429 || status == 498) return failure_kind::rate_limited;   // 498: Groq, flex capacity used up
  if (status == 408 || status == 409 || status == 425 || status == 499 || status >= 500) return failure_kind::server_error;
  return says_bad_key(c) ? failure_kind::unauthorized : failure_kind::request_refused;   // some answer 400 to a bad key
}

/// "Please try again in 1.2s": OpenAI and Groq write it where the headers do not say.
[[nodiscard]] milliseconds retry_hint(std::string_view message) noexcept {
  constexpr std::string_view words = "try again in ";
  const auto at = message.find(words);
  if (at == std::string_view::npos) return milliseconds(0);
  std::string_view text = message.substr(at + words.size());
  text = text.substr(0, text.find_first_of(" ,;\n"));
  while (!text.empty() && text.back() == '.') text.remove_suffix(1);
  return text.empty() || (text.back() >= '0' && text.back() <= '9') ? milliseconds(0) : parse_reset_duration(text);
}

}  // namespace

error_facts read_error(std::string_view body) {
  error_facts out;
  body.remove_prefix(json::skip_space(body, 0));
  if (body.size() > longest_body) return out;
  if (json::is_array(body)) {   // Google's compatible endpoint wraps its error in a list
    json::elements list(body);
    std::string_view first;
    if (list.next(first) && json::is_object(first)) return read_error(first);
    return out;
  }
  if (!json::is_object(body)) {
    if (body.starts_with('<')) return out;   // a proxy's HTML page says nothing worth passing on
    out.message = body;
    return out;
  }
  const auto error = json::find(body, "error");
  if (json::is_object(error)) {
    read_object(error, out);
    out.openai_shape = !out.message.empty();
  } else {
    read_object(body, out);
    if (json::has_text(error)) out.message = json::unescape(error);
  }
  return out;
}

failure judge_error(int status, std::string_view body, std::span<const header> headers, wall_time now, std::string_view credential) {
  const error_facts facts = read_error(body);
  const clues words{lower(facts.code + ' ' + facts.type), lower(facts.message)};
  const bool names_error = facts.openai_shape || facts.status != 0;
  if (status == 0 || (status >= 200 && status < 300 && names_error)) status = status_of(facts, words);

  failure out = failure_of(kind_of(status, words), status, facts.message, facts.param, credential);
  auto retry_after = read_retry_after(headers, now);
  if (out.kind == failure_kind::rate_limited && retry_after.count() == 0) {
    retry_after = read_rate_limit_headers(headers, now).rest_for();
    if (retry_after.count() == 0) retry_after = retry_hint(facts.message);
  }
  take_retry_after(out, retry_after);
  if (out.kind == failure_kind::request_refused && facts.openai_shape && json::is_object(body.substr(json::skip_space(body, 0))))
    out.body_for_client = body_for_client(body, credential);
  return out;
}

}  // namespace switchyard::providers

#include "providers/anthropic/error.hpp"

#include "providers/json_document.hpp"
#include "providers/json_scan.hpp"
#include "providers/mask.hpp"
#include "providers/openai/error.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

constexpr std::size_t longest_message = 2000;   // bytes

struct meaning {
  std::string_view type;
  int status;
};
constexpr meaning meanings[] = {
    {"invalid_request_error", 400}, {"authentication_error", 401}, {"billing_error", 402},    {"permission_error", 403},
    {"not_found_error", 404},       {"conflict_error", 409},       {"request_too_large", 413}, {"rate_limit_error", 429},
    {"api_error", 500},             {"timeout_error", 504},        {"overloaded_error", 529},
};

[[nodiscard]] int status_of(const error_facts& facts) noexcept {
  const auto row = std::find_if(std::begin(meanings), std::end(meanings), [&](const meaning& m) { return m.type == facts.type; });
  if (row != std::end(meanings)) return row->status;
  return facts.status != 0 ? facts.status : 500;
}

/// Money, whatever status it comes with: an empty account is a 400 at Anthropic, a spend limit, too.
[[nodiscard]] bool says_quota(const error_facts& facts) noexcept {
  if (facts.type == "billing_error") return true;
  return facts.message.find("credit balance is too low") != std::string::npos ||
         facts.message.find("reached your specified API usage limits") != std::string::npos;
}

[[nodiscard]] failure_kind kind_of(int status, const error_facts& facts) noexcept {
  if (status < 400) return failure_kind::bad_response;
  if (status == 402 || (status < 500 && says_quota(facts))) return failure_kind::quota_exhausted;
  if (status == 401 || facts.type == "authentication_error") return failure_kind::unauthorized;
  // A 403 about the model is about what was asked; any other is about who asks.
  if (status == 403) return facts.message.find("model") != std::string::npos ? failure_kind::request_refused : failure_kind::unauthorized;
  if (status == 429) return failure_kind::rate_limited;
  if (status == 408 || status == 409 || status == 425 || status == 499 || status >= 500) return failure_kind::server_error;
  return failure_kind::request_refused;
}

/// Cuts to at most `longest_message` bytes, never inside a UTF-8 sequence.
[[nodiscard]] std::string shortened(std::string text) {
  if (text.size() <= longest_message) return text;
  std::size_t most = longest_message;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  text.resize(most);
  return text + "...";
}

[[nodiscard]] error describe(failure_kind kind, int status, std::string message) {
  if (message.empty()) message = "the provider answered " + std::to_string(status);
  switch (kind) {
    case failure_kind::request_refused: {
      error what{error_code::invalid_request, error_origin::upstream, false, std::move(message), {}};
      what.status = status;
      return what;
    }
    case failure_kind::rate_limited:
    case failure_kind::quota_exhausted: return upstream_failure(error_code::rate_limited, std::move(message));
    case failure_kind::unauthorized: return upstream_failure(error_code::upstream_error, "the provider refused the key");
    case failure_kind::server_error: return upstream_failure(error_code::upstream_error, std::move(message));
    case failure_kind::bad_response: break;
  }
  if (status >= 300)
    return upstream_failure(error_code::upstream_error, "the provider answered with a redirect, which is not followed");
  return upstream_failure(error_code::upstream_error, "the provider's answer is not what it should be");
}

/// The provider's own body when a client may see it as it is: valid JSON in Anthropic's shape.
[[nodiscard]] std::string client_body(std::string_view body, std::string_view credential) {
  std::string masked = mask_credentials(body, credential);
  json::document document;
  if (!document.parse_copy(masked)) masked.clear();
  return masked;
}

}  // namespace

failure judge_anthropic_error(int status, std::string_view body, std::span<const header> headers, wall_time now,
                              std::string_view credential) {
  const error_facts facts = read_error(body);
  const bool is_error = json::find(body, "type") == R"("error")" && facts.openai_shape;
  if (status == 0 || (status >= 200 && status < 300 && is_error)) status = status_of(facts);

  failure out;
  out.kind = kind_of(status, facts);
  // Masked before it is cut: half a key would not be recognised any more.
  out.what = describe(out.kind, status, shortened(mask_credentials(facts.message, credential)));
  out.retry_after = read_retry_after(headers, now);
  if (out.kind == failure_kind::rate_limited && out.retry_after.count() == 0) out.retry_after = read_rate_limit_headers(headers, now).rest_for();
  out.what.retry_after_s = static_cast<int>((out.retry_after.count() + 999) / 1000);
  if (out.kind == failure_kind::request_refused && is_error) out.body_for_client = client_body(body, credential);
  return out;
}

failure bad_anthropic_answer(std::string_view why) {
  failure out;
  out.kind = failure_kind::bad_response;
  out.what = upstream_failure(error_code::upstream_error, std::string(why));
  return out;
}

}  // namespace switchyard::providers

#include "providers/anthropic/error.hpp"

#include "providers/failure.hpp"
#include "providers/json_scan.hpp"
#include "providers/openai/error.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

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

}  // namespace

failure judge_anthropic_error(int status, std::string_view body, std::span<const header> headers, wall_time now,
                              std::string_view credential) {
  const error_facts facts = read_error(body);
  const bool is_error = json::find(body, "type") == R"("error")" && facts.openai_shape;
  if (status == 0 || (status >= 200 && status < 300 && is_error)) status = status_of(facts);

  failure out = failure_of(kind_of(status, facts), status, facts.message, {}, credential);
  auto retry_after = read_retry_after(headers, now);
  if (out.kind == failure_kind::rate_limited && retry_after.count() == 0) retry_after = read_rate_limit_headers(headers, now).rest_for();
  take_retry_after(out, retry_after);
  if (out.kind == failure_kind::request_refused && is_error) out.body_for_client = body_for_client(body, credential);
  return out;
}

}  // namespace switchyard::providers

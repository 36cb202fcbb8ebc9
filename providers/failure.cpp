#include "providers/failure.hpp"

#include "providers/json_document.hpp"
#include "providers/mask.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

constexpr std::size_t longest_message = 2000;   // bytes
constexpr std::size_t longest_param = 200;

/// At `at` bytes or before, never inside a UTF-8 sequence.
void cut(std::string& text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  text.resize(at);
  text += "...";
}

/// Masked before it is cut: half a key would not be recognised any more.
[[nodiscard]] std::string shown(std::string_view text, std::size_t most, std::string_view credential) {
  std::string out = mask_credentials(text, credential);
  if (out.size() > most) cut(out, most);
  return out;
}

[[nodiscard]] error describe(failure_kind kind, int status, std::string message, std::string param) {
  if (message.empty()) message = "the provider answered " + std::to_string(status);
  switch (kind) {
    case failure_kind::request_refused: {
      error what{error_code::invalid_request, error_origin::upstream, false, std::move(message), std::move(param)};
      what.status = status;
      return what;
    }
    case failure_kind::rate_limited:
    case failure_kind::quota_exhausted: return upstream_failure(error_code::rate_limited, std::move(message));
    // Its message may hold what was signed, a session token included.
    case failure_kind::unauthorized: return upstream_failure(error_code::upstream_error, "the provider refused the key");
    case failure_kind::server_error: return upstream_failure(error_code::upstream_error, std::move(message));
    case failure_kind::bad_response: break;
  }
  if (status >= 300 && status < 400)
    return upstream_failure(error_code::upstream_error, "the provider answered with a redirect, which is not followed");
  return upstream_failure(error_code::upstream_error, "the provider's answer is not what it should be");
}

}  // namespace

failure bad_response(std::string message) {
  failure out;
  out.kind = failure_kind::bad_response;
  out.what = upstream_failure(error_code::upstream_error, std::move(message));
  return out;
}

outcome valid_json(std::string_view body) {
  json::document document;
  if (!document.parse_copy(body)) return upstream_failure(error_code::upstream_error, "the provider's answer is not valid JSON: " + document.fault());
  return done{};
}

outcome check_answer(std::string_view body) {
  if (body.size() <= fully_checked) return valid_json(body);
  if (!simdjson::validate_utf8(body.data(), body.size())) return upstream_failure(error_code::upstream_error, "the provider's answer is not valid UTF-8");
  return done{};
}

failure failure_of(failure_kind kind, int status, std::string_view message, std::string_view param, std::string_view credential) {
  failure out;
  out.kind = kind;
  out.what = describe(kind, status, shown(message, longest_message, credential), shown(param, longest_param, credential));
  return out;
}

failure bad_answer(const error& why, std::string_view credential) {
  failure out;
  out.kind = why.code == error_code::upstream_error && why.retryable ? failure_kind::server_error : failure_kind::bad_response;
  out.what = why;
  auto& message = out.what.message;
  const bool was_cut = message.size() > longest_message;
  message = shown(message, longest_message, credential);
  if (was_cut) cut(message, message.size() - std::min(message.size(), 3 + credential.size()));   // the last of it may be half a key
  out.what.param = shown(why.param, longest_param, credential);
  return out;
}

std::string body_for_client(std::string_view body, std::string_view credential) {
  std::string masked = mask_credentials(body, credential);
  json::document document;
  if (!document.parse_copy(masked)) masked.clear();
  return masked;
}

void take_retry_after(failure& what, milliseconds after) {
  what.retry_after = after;
  what.what.retry_after_s = static_cast<int>((after.count() + 999) / 1000);
}

}  // namespace switchyard::providers

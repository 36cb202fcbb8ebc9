#include "providers/gemini/error.hpp"

#include "providers/failure.hpp"
#include "providers/gemini/field.hpp"
#include "providers/json_out.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::gemini {

namespace {

constexpr std::size_t longest_body = 256u << 10;      // a longer error body is not looked into

struct status_row {
  std::string_view name;
  int http;
};
// google.rpc.Code; the first name of a status is the one we give.
constexpr status_row statuses[] = {
    {"INVALID_ARGUMENT", 400}, {"FAILED_PRECONDITION", 400}, {"OUT_OF_RANGE", 400}, {"UNAUTHENTICATED", 401},
    {"PERMISSION_DENIED", 403}, {"NOT_FOUND", 404},          {"ABORTED", 409},      {"ALREADY_EXISTS", 409},
    {"RESOURCE_EXHAUSTED", 429}, {"CANCELLED", 499},         {"INTERNAL", 500},     {"UNKNOWN", 500},
    {"DATA_LOSS", 500},        {"UNIMPLEMENTED", 501},       {"UNAVAILABLE", 503},  {"DEADLINE_EXCEEDED", 504},
};

struct facts {
  bool google_shape = false;
  std::string_view object;   ///< the whole {"error":{…}}
  int code = 0;              ///< HTTP status named in the body
  std::string message;
  std::string param;
  std::string_view status;   ///< "RESOURCE_EXHAUSTED"
  std::string_view reason;   ///< ErrorInfo's
  milliseconds retry_delay{0};
  bool daily_quota = false;  ///< a quota that comes back tomorrow
};

void read_detail(std::string_view detail, facts& out) {
  if (const auto reason = json::inside(find_field(detail, "reason")); !reason.empty()) out.reason = reason;
  if (const auto delay = json::inside(find_field(detail, "retryDelay")); !delay.empty()) out.retry_delay = parse_reset_duration(delay);
  for_each(find_field(detail, "violations"), [&](std::string_view violation) {
    const auto quota = json::inside(find_field(violation, "quotaId"));
    const auto metric = json::inside(find_field(violation, "quotaMetric"));
    out.daily_quota |= quota.find("PerDay") != std::string_view::npos || metric.find("per_day") != std::string_view::npos;
    return true;
  });
  for_each(find_field(detail, "fieldViolations"), [&](std::string_view violation) {
    out.param = json::unescape(find_field(violation, "field"));
    return false;   // the first will do
  });
}

[[nodiscard]] facts read_facts(std::string_view body) {
  facts out;
  body.remove_prefix(json::skip_space(body, 0));
  if (body.size() > longest_body || body.starts_with('<')) return out;   // a proxy's HTML page says nothing worth passing on
  if (json::is_array(body)) {
    json::elements list(body);
    std::string_view first;
    if (!list.next(first)) return out;
    return json::is_object(first) ? read_facts(first) : out;
  }
  const auto error = json::find(body, "error");
  if (!json::is_object(error)) {
    if (!json::is_object(body)) out.message = body;
    else if (json::is_string(error)) out.message = json::unescape(error);
    else out.message = json::unescape(json::find(body, "message"));
    return out;
  }
  out.google_shape = true;
  out.object = body;
  json::members walk(error);
  for (json::member m; walk.next(m);) {
    if (m.name == "code") out.code = static_cast<int>(std::min<std::int64_t>(json::as_count(m.value).value_or(0), 999));
    else if (m.name == "message") out.message = json::unescape(m.value);
    else if (m.name == "status") out.status = json::inside(m.value);
    else if (m.name == "details")
      for_each(m.value, [&](std::string_view detail) { return read_detail(detail, out), true; });
  }
  return out;
}

[[nodiscard]] bool says(std::string_view message, std::initializer_list<std::string_view> words) noexcept {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return message.find(w) != std::string_view::npos; });
}

/// A refusal because of who or where we are: no other request of this key will fare better.
[[nodiscard]] bool is_about_key(int status, const facts& f) noexcept {
  if (f.reason.starts_with("API_KEY_") || f.reason.starts_with("CONSUMER_") || f.reason.starts_with("ACCESS_TOKEN_") ||
      f.reason == "SERVICE_DISABLED")
    return true;
  if (status == 400)
    return says(f.message, {"API key not valid", "API key expired", "API Key not found"}) ||
           (f.status == "FAILED_PRECONDITION" &&
            says(f.message, {"location is not supported", "enable billing", "free tier is not available"}));
  // A 403 may also be about one file or one cached content of somebody else's.
  return status == 403 && !says(f.message, {"access the File", "CachedContent not found", "access tuned model"});
}

[[nodiscard]] failure_kind kind_of(int status, const facts& f) noexcept {
  if (status < 400) return failure_kind::bad_response;
  if (status == 401) return failure_kind::unauthorized;
  if (status == 402) return failure_kind::quota_exhausted;
  if (status == 429) return f.daily_quota || f.reason == "BILLING_DISABLED" ? failure_kind::quota_exhausted : failure_kind::rate_limited;
  if (status == 408 || status == 409 || status == 425 || status == 499 || status >= 500) return failure_kind::server_error;
  return is_about_key(status, f) ? failure_kind::unauthorized : failure_kind::request_refused;
}

}  // namespace

std::string_view status_name(int http_status) noexcept {
  for (const auto& row : statuses)
    if (row.http == http_status) return row.name;
  if (http_status == 402) return "RESOURCE_EXHAUSTED";   // a budget is spent
  if (http_status == 408) return "DEADLINE_EXCEEDED";
  if (http_status == 502) return "UNAVAILABLE";
  return http_status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
}

failure judge_error(int status, std::string_view body, std::span<const header> headers, wall_time now, std::string_view credential) {
  const facts f = read_facts(body);
  if (status < 100 || (status < 300 && f.google_shape)) {
    status = f.code;
    for (const auto& row : statuses)
      if (status < 400 && row.name == f.status) status = row.http;
    if (status < 400) status = f.google_shape ? 500 : 200;
  }
  failure out = failure_of(kind_of(status, f), status, f.message, f.param, credential);
  auto retry_after = read_retry_after(headers, now);
  if (retry_after.count() == 0 && (out.kind == failure_kind::rate_limited || out.kind == failure_kind::server_error))
    retry_after = f.retry_delay;   // with a day's quota gone its few seconds mean nothing
  take_retry_after(out, retry_after);
  if (out.kind == failure_kind::request_refused && f.google_shape) out.body_for_client = body_for_client(f.object, credential);
  return out;
}

std::string_view bare_json(std::string_view event) noexcept {
  event.remove_prefix(json::skip_space(event, 0));
  event.remove_suffix(event.size() - (event.find_last_not_of(" \t\r\n") + 1));   // of CR LF the LF may still be on its way
  return json::is_object(event) || json::is_array(event) ? event : std::string_view{};
}

}  // namespace switchyard::providers::gemini

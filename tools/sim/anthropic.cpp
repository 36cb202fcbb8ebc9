#include "tools/sim/anthropic.hpp"

#include "tools/sim/anthropic_answer.hpp"
#include "tools/sim/anthropic_request.hpp"

#include <boost/json.hpp>

#include <array>
#include <chrono>
#include <cstdio>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

std::string_view error_type(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::string request_id(const call& asked) { return "req_" + stable_id(std::string(asked.path) + std::string(asked.body), 1); }

/// Whatever is answered carries its request's id, errors in their body, too.
reply with_id(reply answered, const call& asked) {
  answered.headers.emplace_back("request-id", request_id(asked));
  answered.headers.emplace_back("anthropic-organization-id", "5f3a1c9e-0000-4000-8000-5357495443ff");
  return answered;
}

reply refusal_with_id(int status, std::string_view message, const call& asked) {
  return with_id({.status = status, .body = anthropic_error_body(status, message, request_id(asked))}, asked);
}

template <auto read, auto print>
reply serve(const call& asked) {
  auto request = read(asked);
  if (auto* refused = std::get_if<reply>(&request)) {
    const json::value body = json::parse(refused->body);
    return refusal_with_id(refused->status, body.at("error").at("message").as_string(), asked);
  }
  return with_id(print(std::get<0>(request), asked), asked);
}

json::object model_object(const model_profile& model) {
  return {{"type", "model"}, {"id", model.id}, {"display_name", model.id}, {"created_at", "2025-01-01T00:00:00Z"}};
}

reply list_models(const call& asked) {
  const std::string after = query_value(asked.query, "after_id");
  const std::string limit = query_value(asked.query, "limit");
  std::size_t most = 20;
  if (!limit.empty()) {
    most = limit.find_first_not_of("0123456789") == std::string::npos && limit.size() <= 4 ? std::stoul(limit) : 0;
    if (most < 1 || most > 1000) return refusal_with_id(400, "limit: Input should be an integer from 1 to 1000", asked);
  }
  json::array entries;
  bool begun = after.empty(), more = false;
  for (const model_profile& model : asked.models.all()) {
    if (begun && entries.size() == most) more = true;
    else if (begun) entries.push_back(model_object(model));
    if (model.id == after) begun = true;
  }
  json::value first, last;
  if (!entries.empty()) {
    first = entries.front().at("id");
    last = entries.back().at("id");
  }
  return with_id({.body = json::serialize(json::object{{"data", std::move(entries)}, {"has_more", more}, {"first_id", first}, {"last_id", last}})}, asked);
}

reply get_model(const call& asked) {
  const std::string id = percent_decoded(asked.path.substr(std::string_view("/v1/models/").size()));
  if (!asked.models.knows(id)) return refusal_with_id(404, "model: " + id, asked);
  return with_id({.body = json::serialize(model_object(asked.models.find(id))), .model = id}, asked);
}

constexpr std::array routes = {
    wire_route{"POST", "/v1/messages", serve<read_messages, answer_messages>},
    wire_route{"POST", "/v1/messages/count_tokens", serve<read_count, answer_count>},
    wire_route{"GET", "/v1/models", list_models, "anthropic-version"},
    wire_route{"GET", "/v1/models/*", get_model, "anthropic-version"},
};

bool claims(const call& asked) { return asked.find("anthropic-version").data() != nullptr || asked.path.starts_with("/v1/messages"); }

std::optional<reply> admit(const call& asked, const key_ring& keys) {
  const std::string_view key = asked.find("x-api-key");
  if (key.empty() && bearer_of(asked).empty()) return refusal_with_id(401, "x-api-key header is required", asked);
  if (!keys.knows(key.empty() ? bearer_of(asked) : key)) return refusal_with_id(401, key.empty() ? "Invalid bearer token" : "invalid x-api-key", asked);
  if (asked.find("anthropic-version").empty()) return refusal_with_id(400, "anthropic-version: header is required", asked);
  return std::nullopt;
}

/// "2025-01-01T00:00:00Z"
std::string rfc3339(std::int64_t unix_time) {
  const std::chrono::sys_seconds at{std::chrono::seconds(unix_time)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto second = static_cast<int>((at - day).count());
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), second / 3600, second / 60 % 60, second % 60);
  return text;
}

reply refuse(const complaint& why, const call& asked) {
  switch (why.what) {
    case trouble::unauthorized: return refusal_with_id(401, why.or_usual("invalid x-api-key"), asked);
    case trouble::out_of_quota:
      return refusal_with_id(400, why.or_usual("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."), asked);
    case trouble::rate_limited: {
      reply limited = refusal_with_id(429, why.or_usual("This request would exceed your organization's rate limit of 60 requests per minute."), asked);
      const std::string reset = rfc3339(asked.unix_time + why.retry_after_s);
      limited.headers.emplace_back("retry-after", std::to_string(why.retry_after_s));
      for (const char* kind : {"requests", "tokens"}) {
        const std::string prefix = std::string("anthropic-ratelimit-") + kind;
        limited.headers.emplace_back(prefix + "-limit", kind[0] == 'r' ? "60" : "100000");
        limited.headers.emplace_back(prefix + "-remaining", "0");
        limited.headers.emplace_back(prefix + "-reset", reset);
      }
      return limited;
    }
    case trouble::status: break;
  }
  return refusal_with_id(why.status, why.or_usual(usual_words(why.status)), asked);
}

std::string break_off(const complaint& why, const reply&, std::size_t) {
  const int status = why.status == 500 ? 529 : why.status;   // what really breaks into streams: overload
  const std::string_view words = why.or_usual(usual_words(status));
  return "event: error\ndata: " + json::serialize(json::object{{"type", "error"}, {"error", {{"type", error_type(status)}, {"message", words}}}}) + "\n\n";
}

std::string broken_event(const reply&, std::size_t) { return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"del\n\n"; }
std::string endless_event() { return "event: content_block_delta\ndata: "; }

constexpr wire anthropic{.name = "anthropic",
                         .routes = routes,
                         .claims = claims,
                         .admit = admit,
                         .refuse = refuse,
                         .break_off = break_off,
                         .broken_event = broken_event,
                         .endless_event = endless_event,
                         .stream_type = "text/event-stream; charset=utf-8",
                         .broken_body = R"({"id":"msg_broken","type":"message","role":"assistant","content":[{"ty)"};

}  // namespace

const wire& anthropic_wire() noexcept { return anthropic; }

std::string anthropic_error_body(int status, std::string_view message, std::string_view id) {
  json::object body{{"type", "error"}, {"error", {{"type", error_type(status)}, {"message", message}}}};
  if (!id.empty()) body["request_id"] = id;
  return json::serialize(body);
}

reply anthropic_refusal(std::string_view message, int status) { return {.status = status, .body = anthropic_error_body(status, message, {})}; }

}  // namespace switchyard::sim

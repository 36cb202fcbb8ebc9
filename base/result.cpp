#include "base/result.hpp"

namespace switchyard {

namespace {

struct code_row {
  error_code code;
  std::string_view name;
  int status;
};

constexpr code_row codes[] = {
    {error_code::invalid_json, "invalid_json", 400},
    {error_code::invalid_request, "invalid_request", 400},
    {error_code::unknown_model, "unknown_model", 404},
    {error_code::model_not_allowed, "model_not_allowed", 403},
    {error_code::invalid_api_key, "invalid_api_key", 401},
    {error_code::budget_exceeded, "budget_exceeded", 402},
    {error_code::rate_limited, "rate_limited", 429},
    {error_code::guard_blocked, "guard_blocked", 400},
    {error_code::overloaded, "overloaded", 503},
    {error_code::no_healthy_upstream, "no_healthy_upstream", 503},
    {error_code::upstream_error, "upstream_error", 502},
    {error_code::upstream_timeout, "upstream_timeout", 504},
    {error_code::deadline_exceeded, "deadline_exceeded", 504},
    {error_code::internal, "internal", 500},
};

}  // namespace

std::string_view to_string(error_code code) noexcept {
  for (const auto& row : codes)
    if (row.code == code) return row.name;
  return "internal";
}

int http_status(error_code code) noexcept {
  for (const auto& row : codes)
    if (row.code == code) return row.status;
  return 500;
}

std::string_view to_string(error_origin origin) noexcept {
  switch (origin) {
    case error_origin::client: return "client";
    case error_origin::upstream: return "upstream";
    case error_origin::peer: return "peer";
    case error_origin::storage: return "storage";
    case error_origin::internal: return "internal";
  }
  return "internal";
}

}  // namespace switchyard

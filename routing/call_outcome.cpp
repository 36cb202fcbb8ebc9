#include "routing/call_outcome.hpp"

namespace switchyard::routing {

std::string_view to_string(call_result result) noexcept {
  switch (result) {
    case call_result::ok: return "ok";
    case call_result::request_refused: return "request_refused";
    case call_result::client_gone: return "client_gone";
    case call_result::not_asked: return "not_asked";
    case call_result::rate_limited: return "rate_limited";
    case call_result::quota_exhausted: return "quota_exhausted";
    case call_result::unauthorized: return "unauthorized";
    case call_result::server_error: return "server_error";
    case call_result::stream_broken: return "stream_broken";
    case call_result::timeout: return "timeout";
    case call_result::connect_failed: return "connect_failed";
    case call_result::bad_response: return "bad_response";
  }
  return "unknown";
}

bool is_failure(call_result result) noexcept {
  switch (result) {
    case call_result::server_error:
    case call_result::stream_broken:
    case call_result::timeout:
    case call_result::connect_failed:
    case call_result::bad_response: return true;
    default: return false;
  }
}

bool is_success(call_result result) noexcept { return result == call_result::ok || result == call_result::request_refused; }

bool is_charged(call_result result) noexcept {
  return result == call_result::ok || result == call_result::stream_broken || result == call_result::client_gone;
}

bool is_retryable(call_result result) noexcept {
  switch (result) {
    case call_result::not_asked:
    case call_result::rate_limited:
    case call_result::quota_exhausted:
    case call_result::unauthorized:
    case call_result::server_error:
    case call_result::timeout:
    case call_result::connect_failed:
    case call_result::bad_response: return true;
    // stream_broken: content had gone out.
    default: return false;
  }
}

}  // namespace switchyard::routing

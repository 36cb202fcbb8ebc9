// What Google means by an error.
//
//   error   = {"error":{"code":N, "message":S, "status":NAME, "details"?:[detail…]}}      also as [error], and as a stream's event
//   detail  = {"@type":"…/google.rpc.ErrorInfo","reason":"API_KEY_INVALID",…}
//           | {"@type":"…/google.rpc.RetryInfo","retryDelay":"7s"}
//           | {"@type":"…/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProject…",…}]}
//           | {"@type":"…/google.rpc.BadRequest","fieldViolations":[{"field":F,"description":S}]}
#pragma once

#include "providers/failure.hpp"

#include <string_view>

namespace switchyard::providers::gemini {

/// The failure an answer with that status and body stands for. `status` 0: there is none (an error inside a stream), the body decides.
[[nodiscard]] failure judge_error(int status, std::string_view body, std::span<const header> headers, wall_time now,
                                  std::string_view credential);

/// Some errors come into a stream as they are, without "data:": the JSON that is the whole of `event`; empty: it is none.
[[nodiscard]] std::string_view bare_json(std::string_view event) noexcept;

/// Google's name for an HTTP status: "INVALID_ARGUMENT" for 400.
[[nodiscard]] std::string_view status_name(int http_status) noexcept;

}  // namespace switchyard::providers::gemini

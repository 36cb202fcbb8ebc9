// Errors as values: what the world can do to us is a result<T>, never an exception across a folder.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace switchyard {

/// The contract's `error.code` values. Translated to an HTTP status in one place: http_status().
enum class error_code {
  invalid_json,
  invalid_request,
  unknown_model,
  model_not_allowed,
  invalid_api_key,
  budget_exceeded,
  rate_limited,
  guard_blocked,
  overloaded,
  no_healthy_upstream,
  upstream_error,
  upstream_timeout,
  deadline_exceeded,
  internal,
};

/// Who caused it.
enum class error_origin { client, upstream, peer, storage, internal };

/// One failure: what, whose, and whether trying again elsewhere can help.
struct error {
  error_code code = error_code::internal;
  error_origin origin = error_origin::internal;
  bool retryable = false;
  std::string message;         ///< For people; never holds a secret.
  std::string param;           ///< The field it is about ("model"), or empty.
  int status = 0;              ///< HTTP status where the code alone does not say it (404/405/413/415/431); 0: http_status(code).
  int retry_after_s = 0;       ///< Seconds for a `retry-after` header; 0: none.
};

/// "rate_limited" for error_code::rate_limited, and so on: exactly the contract's spelling.
[[nodiscard]] std::string_view to_string(error_code code) noexcept;
[[nodiscard]] std::string_view to_string(error_origin origin) noexcept;
/// The HTTP status an error code stands for.
[[nodiscard]] int http_status(error_code code) noexcept;
[[nodiscard]] inline int http_status(const error& e) noexcept { return e.status != 0 ? e.status : http_status(e.code); }

/// Shorthand for the commonest origin.
[[nodiscard]] inline error client_error(error_code code, std::string message, std::string param = {}) {
  return error{code, error_origin::client, false, std::move(message), std::move(param)};
}
[[nodiscard]] inline error upstream_failure(error_code code, std::string message, bool retryable = true) {
  return error{code, error_origin::upstream, retryable, std::move(message), {}};
}
[[nodiscard]] inline error internal_error(std::string message) {
  return error{error_code::internal, error_origin::internal, false, std::move(message), {}};
}

/// Either a value or an error. Must be looked at.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}          // NOLINT: implicit on purpose
  result(error what) : state_(std::in_place_index<1>, std::move(what)) {}        // NOLINT: implicit on purpose

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// Precondition: has_value().
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Precondition: !has_value().
  [[nodiscard]] error& failure() & { return std::get<1>(state_); }
  [[nodiscard]] const error& failure() const& { return std::get<1>(state_); }

 private:
  std::variant<T, error> state_;
};

/// Success without a value.
struct done {};
using outcome = result<done>;

}  // namespace switchyard

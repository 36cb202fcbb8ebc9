// The credentials that a simulator accepts, and the one that a call brings.
#pragma once

#include "tools/sim/reply.hpp"

#include <set>
#include <string>
#include <string_view>

namespace switchyard::sim {

/// Keys as they are sent, and AWS's as "ACCESS:SECRET". Without any, everything that looks like a credential is accepted.
class key_ring {
 public:
  key_ring() = default;                                                          ///< accepts any
  explicit key_ring(std::set<std::string, std::less<>> keys) : closed_(true), keys_(std::move(keys)) {}

  [[nodiscard]] bool accepts_any() const noexcept { return !closed_; }
  [[nodiscard]] bool knows(std::string_view key) const { return !closed_ || keys_.contains(key); }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  /// Is there any "ACCESS:SECRET" pair?
  [[nodiscard]] bool has_pairs() const noexcept;
  /// The secret of an access key id; empty: not known.
  [[nodiscard]] std::string_view secret_of(std::string_view access_key) const;

 private:
  bool closed_ = false;
  std::set<std::string, std::less<>> keys_;
};

/// The value after "Bearer "; empty when there is none.
[[nodiscard]] std::string_view bearer_of(const call& asked) noexcept;
/// Whatever names the caller: a bearer token, x-api-key, x-goog-api-key, AWS's access key id, ?key=; in this order.
[[nodiscard]] std::string credential_of(const call& asked);

}  // namespace switchyard::sim

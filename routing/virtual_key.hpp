// Virtual keys as requests meet them: an immutable set, found by the digest of what the client sent.
#pragma once

#include "base/sha256.hpp"
#include "config/config.hpp"
#include "routing/budget.hpp"
#include "routing/rate_limit.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchyard::routing {

/// One virtual key: what is configured, and its live limits, which outlive every change of the set.
struct virtual_key_entry {
  config::virtual_key_config config;             ///< without the key itself
  std::shared_ptr<rate_limit> requests;          ///< null: unlimited
  std::shared_ptr<rate_limit> tokens;            ///< null: unlimited
  std::shared_ptr<budget> money;                 ///< null: none
  std::shared_ptr<const virtual_key_entry> parent;   ///< what limits it limits this one, too; null: none
  std::vector<std::shared_ptr<budget>> budgets;  ///< its own and its parents', those that have one

  bool declared = true;                          ///< by the config; else the admin API made it
  wall_time created{};                           ///< of those that the admin API made
  std::optional<wall_time> rotated;
  std::optional<wall_time> before_until;         ///< the value before the rotation is taken until then
  std::optional<wall_time> revoked;

  /// A pattern without a slash ("gpt-4o*") is held against the model's own name at any provider. Its parents must allow it, too.
  [[nodiscard]] bool allows_model(std::string_view provider_slash_model) const noexcept;
  /// Is there a model it does not allow?
  [[nodiscard]] bool restricts_models() const noexcept;
  [[nodiscard]] bool allows_route(std::string_view route) const noexcept;
  /// Why it is not taken now: it or a parent was revoked or has expired; empty: it is.
  [[nodiscard]] std::string refusal(wall_time now) const;
};

/// Immutable once published.
class virtual_key_set {
 public:
  struct credential {
    sha256_digest digest;
    std::size_t key;                             ///< index in `all`
    std::optional<wall_time> until;              ///< not taken from then on; nullopt: for good
  };
  virtual_key_set(std::vector<std::shared_ptr<const virtual_key_entry>> all, const std::vector<credential>& credentials);

  /// In order of declaration, then by name; revoked ones included.
  [[nodiscard]] const std::vector<std::shared_ptr<const virtual_key_entry>>& all() const noexcept { return all_; }
  /// Does a client need one of these? Once there was a key, always: revoking the last one opens nothing.
  [[nodiscard]] bool required() const noexcept { return !all_.empty(); }
  /// In a time that does not depend on how many there are, nor on how much of a digest fits. nullptr: unknown.
  [[nodiscard]] const virtual_key_entry* find(std::string_view credential, wall_time now) const noexcept;
  [[nodiscard]] std::shared_ptr<const virtual_key_entry> named(std::string_view name) const noexcept;

 private:
  struct digest_hash {
    std::size_t operator()(const sha256_digest& digest) const noexcept;
  };
  struct digest_equal {
    bool operator()(const sha256_digest& a, const sha256_digest& b) const noexcept { return equal_in_constant_time(a, b); }
  };
  struct place {
    const virtual_key_entry* key;
    std::optional<wall_time> until;
  };
  std::vector<std::shared_ptr<const virtual_key_entry>> all_;
  std::unordered_map<sha256_digest, place, digest_hash, digest_equal> by_digest_;
};

}  // namespace switchyard::routing

// Every virtual key of the node: those that the config declares and those that the admin API made, side by side. Decides what may be made,
// changed, rotated and revoked, and compiles the set that I/O threads read. Plain: no actor, no clock, no disk.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "routing/virtual_key.hpp"
#include "storage/spending.hpp"
#include "storage/virtual_keys.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::actors {

class virtual_key_book {
 public:
  /// What a key has spent in the running period, for a budget that is new.
  using spent_lookup = std::function<nano_usd(const std::string& name, config::budget_period period)>;
  /// Live limits are taken over from `published` (null: none), so that they outlive whoever holds the book.
  virtual_key_book(std::vector<storage::stored_virtual_key> made, const routing::virtual_key_set* published, spent_lookup spent);
  /// New limits and budgets are the cluster's from the beginning: nothing passes before it says what this node may use.
  void share_limits() noexcept { shared_ = true; }

  // -- the config ------------------------------------------------------------------------------------------------------
  /// Why this config cannot be taken over; nullopt: it can.
  [[nodiscard]] std::optional<std::string> problem_with(const config::config& next) const;
  void declare(std::shared_ptr<const config::config> in_force) { declared_ = std::move(in_force); }

  // -- changes: each is checked, then given back to be written; take() makes it so -------------------------------------
  struct change {
    storage::stored_virtual_key key;
    std::string shown_once;                      ///< the key itself, when there is a new one
  };
  /// `fresh`: 256 random bits, told by nobody else.
  [[nodiscard]] result<change> make(std::string_view body, std::string_view fresh, wall_time now) const;
  enum class body_is { whole, part };
  [[nodiscard]] result<change> update(const std::string& name, std::string_view body, body_is what) const;
  /// {"grace": "24h"}: how long the value before is taken, too; left out: not at all.
  [[nodiscard]] result<change> rotate(const std::string& name, std::string_view body, std::string_view fresh, wall_time now) const;
  [[nodiscard]] result<change> revoke(const std::string& name, wall_time now) const;
  void take(storage::stored_virtual_key key);
  /// nullptr: the admin API has made no key of that name.
  [[nodiscard]] const storage::stored_virtual_key* made(const std::string& name) const noexcept;

  // -- the set ---------------------------------------------------------------------------------------------------------
  /// Of `declared` (null: what was declared) and what the admin API made. New limits come into being here, known ones are left as they are.
  [[nodiscard]] std::shared_ptr<const routing::virtual_key_set> compile(const config::config* declared, wall_time now);
  /// Gives the set's limits its terms, once it is in force.
  void enforce(const routing::virtual_key_set& set, wall_time now);
  [[nodiscard]] static storage::key_parents parents_of(const routing::virtual_key_set& set);

  [[nodiscard]] std::size_t made() const noexcept { return made_.size(); }

 private:
  struct live_limits {
    std::shared_ptr<routing::rate_limit> requests, tokens;
    std::shared_ptr<routing::budget> money;
  };
  [[nodiscard]] const config::virtual_key_config* find(const std::string& name) const noexcept;
  [[nodiscard]] result<const storage::stored_virtual_key*> changeable(const std::string& name) const;
  [[nodiscard]] std::optional<error> check(const config::virtual_key_config& key) const;
  [[nodiscard]] std::shared_ptr<routing::virtual_key_entry> entry_of(const config::virtual_key_config& key, wall_time now);

  std::map<std::string, storage::stored_virtual_key> made_;   ///< by name
  std::shared_ptr<const config::config> declared_;
  std::map<std::string, live_limits> live_;      ///< by name: a key that goes and comes back finds its own
  spent_lookup spent_;
  bool shared_ = false;
};

/// "sy-" and 256 bits as 43 characters of base64url.
[[nodiscard]] std::string virtual_key_text(std::string_view random_bytes);
/// 32 bytes of the system's random source.
[[nodiscard]] std::string fresh_random_bytes();

}  // namespace switchyard::actors

// Virtual keys as the admin API takes and shows them, and the one rule of parents: a child is never wider than its parent.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

// Bounds of what a virtual key holds and of what a request adds.
inline constexpr std::size_t most_listed = 256;          // models, routes
inline constexpr std::size_t most_tags = 32;
inline constexpr std::size_t longest_tag = 64;           // bytes of a name
inline constexpr std::size_t longest_tag_value = 256;
inline constexpr int deepest_parents = 8;                // a chain of keys, the child included

struct virtual_key_read {
  std::optional<virtual_key_config> value;
  std::string field;                             ///< when there is no value: "budget.period", or "" for the whole
  std::string problem;                           ///< what is wrong with it and what was expected
};
/// A JSON object without the credential; what it leaves out stays as in `into`.
[[nodiscard]] virtual_key_read read_virtual_key(std::string_view json, virtual_key_config into);
/// The same object, every member filled in.
[[nodiscard]] std::string to_json(const virtual_key_config& key);

struct widening {
  std::string field;                             ///< "models", "budget", ...
  std::string message;
};
/// In what `child` would be wider than `parent`; nullopt: nowhere. What the child leaves open its parent decides.
[[nodiscard]] std::optional<widening> wider_than(const virtual_key_config& child, const virtual_key_config& parent);
/// Does every model that pattern `inner` matches match `outer` too?
[[nodiscard]] bool covers(std::string_view outer, std::string_view inner) noexcept;

/// Finds a key by name; nullptr: there is none.
using key_finder = std::function<const virtual_key_config*(const std::string& name)>;
/// What is wrong with `key.parent`: unknown, a circle, too long a chain, or a child wider than it.
[[nodiscard]] std::optional<widening> check_parent(const virtual_key_config& key, const key_finder& find);

}  // namespace switchyard::config

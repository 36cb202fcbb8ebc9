// The text of a config file as a tree of values with their places. YAML 1.2 and JSON alike.
#pragma once

#include "config/config.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

struct node;
/// Shared, because an alias is the value it names.
using node_ptr = std::shared_ptr<const node>;

struct map_entry {
  std::string key;
  source_position at;
  node_ptr value;
};

/// What a plain scalar is in YAML's core schema; a quoted one is text.
enum class value_kind { null, boolean, integer, number, text, list, map };

/// One value of the file. Only the member of its kind is filled.
struct node {
  value_kind kind = value_kind::null;
  source_position at;
  std::string text;                              ///< scalars, as written
  std::vector<node_ptr> items;                   ///< list
  std::vector<map_entry> entries;                ///< map, file order; equal keys are still in
};

/// "a string", "a list", "nothing": for messages.
[[nodiscard]] std::string_view kind_name(value_kind kind) noexcept;

struct syntax_fault {
  source_position at;
  std::string message;
};

/// Exactly one of both is set. An empty text is a null node.
struct document {
  node_ptr root;
  std::optional<syntax_fault> fault;
};

/// Limits: 16 MiB of text, values nested 64 deep and 500,000 in number, both with aliases followed.
[[nodiscard]] document parse_document(std::string_view text);

inline constexpr std::size_t largest_document = 16u << 20;

}  // namespace switchyard::config

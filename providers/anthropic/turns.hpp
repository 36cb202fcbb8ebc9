// A conversation as Anthropic takes it: one system prompt, then turns of user and assistant by turns.
#pragma once

#include "providers/neutral.hpp"

#include <vector>

namespace switchyard::providers::anthropic {

struct placed_part {
  const neutral::part* part = nullptr;
  bool cached = false;       ///< a cache point follows it
};

struct turn {
  bool assistant = false;
  std::vector<placed_part> parts;
};

struct conversation {
  std::vector<placed_part> system;
  std::vector<turn> turns;

  /// Does it end in results of tools that were called by a turn which does not begin with a signed thought?
  [[nodiscard]] bool ends_in_unproven_turn() const noexcept;
};

/// Hoists, merges and orders (messages_dialect.cpp says how); parts that cannot be said are named in `dropped` and left out.
[[nodiscard]] conversation arrange(const neutral::request& what, neutral::dropped_fields& dropped);

}  // namespace switchyard::providers::anthropic

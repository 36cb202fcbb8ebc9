// A turn as the safety heads see it: disguises undone, cut into passages, each with its vector.
#pragma once

#include "routing/embedding/embedder.hpp"
#include "routing/signals/findings.hpp"
#include "routing/signals/plain_letters.hpp"
#include "routing/signals/prompt.hpp"
#include "routing/signals/windows.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// One passage: its words and its unit vector, views into the turn's `passages`.
struct passage {
  window where;
  std::span<const word> words;
  std::span<const float> vector;
};

/// Of one turn. Texts beyond longest_judged bytes: their two ends.
struct passages {
  static constexpr std::size_t longest_judged = 64u << 10;

  plain_text plain;
  std::string sampled;                   ///< of a text too long
  std::string_view text;                 ///< what was cut: plain.text, sampled or the turn's own
  std::vector<word> words;
  std::vector<float> vectors;
  std::vector<passage> all;              ///< the passages; behind them, if there are several, the whole

  passages() = default;
  passages(const passages&) = delete;
  passages& operator=(const passages&) = delete;
  void cut(const embedder& model, std::string_view turn_text);
  /// A span of `text` in the turn's own bytes.
  [[nodiscard]] text_span in_turn(std::size_t start, std::size_t end, std::size_t turn, std::size_t turn_size) const noexcept;
};

}  // namespace switchyard::routing

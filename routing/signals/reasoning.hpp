// Words that tell how much thinking a request asks for, and what kind.
#pragma once

#include "routing/signals/words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace switchyard::routing {

enum class reasoning_kind : std::uint8_t {
  proof,          ///< prove, derive, show that
  steps,          ///< step by step, first ... then
  analysis,       ///< compare, evaluate, trade-offs, why
  design,         ///< architecture, implement, optimise
  calculation,    ///< how many, calculate, per cent
  condition,      ///< if, unless, given that, at least
  lookup,         ///< who is, what is the capital, define
  smalltalk,      ///< hello, thanks
  units,          ///< kg, mol, volts
  mathematics,    ///< integral, matrix, probability
};
constexpr std::size_t reasoning_count = 10;

/// How often each kind occurs.
[[nodiscard]] std::array<std::size_t, reasoning_count> reasoning_in(std::span<const word> words);

}  // namespace switchyard::routing

// What a piece adds to its own units and to those of its neighbours, kept by a thread from text to text: most pieces of a text were in texts before it, and to read
// three numbers a unit is ten times as cheap as to multiply 192 where the machine has no instruction for it.
//
// Kept is by how much it is more than what a row of nothing but zeros (context_network.hpp: 64 stands for zero) adds, which fits sixteen bits for all but a few pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace switchyard::routing {

/// Each piece has a set of two places, which it shares with others: of those the one goes that was wanted longer ago. Not thread-safe.
class window_cache {
 public:
  static constexpr std::size_t places = 2048;    // of 3 units * i16 each: 3 MB with 256 units; 90 to 93 % of English text's pieces are found

  /// Forgets everything unless it already was of that network; true if it was not. `size`: of what is kept of a piece.
  bool serve(std::uint64_t network, std::size_t size) {
    if (network == network_ && !sets_.empty()) return false;
    network_ = network;
    size_ = size;
    sets_.assign(places / 2, {});
    numbers_.resize(places * size_);
    return true;
  }
  /// nullptr: not here. Until the next keep().
  [[nodiscard]] const std::int16_t* find(std::uint32_t piece) noexcept {
    const auto at = set_of(piece);
    auto& [owners, latest] = sets_[at];
    if (owners[0] != piece && owners[1] != piece) return nullptr;
    latest = owners[1] == piece;
    return place(2 * at + latest);
  }
  /// nullptr: they do not fit, and are not kept.
  const std::int16_t* keep(std::uint32_t piece, std::span<const std::int32_t> numbers) noexcept {
    std::int32_t least = 0, most = 0;
    for (const auto number : numbers) {
      least = std::min(least, number);
      most = std::max(most, number);
    }
    if (least < std::numeric_limits<std::int16_t>::min() || most > std::numeric_limits<std::int16_t>::max()) return nullptr;
    const auto at = set_of(piece);
    auto& [owners, latest] = sets_[at];
    latest = 1 - latest;
    owners[latest] = piece;
    auto* to = place(2 * at + latest);
    for (std::size_t i = 0; i < size_; ++i) to[i] = static_cast<std::int16_t>(numbers[i]);
    return to;
  }

 private:
  static constexpr unsigned bits = 10;
  static_assert(places == std::size_t{2} << bits);
  static constexpr std::uint32_t nobody = UINT32_MAX;
  struct set {
    std::uint32_t owners[2] = {nobody, nobody};
    std::uint32_t latest = 0;
  };
  [[nodiscard]] static std::size_t set_of(std::uint32_t piece) noexcept { return (piece * 2654435761u) >> (32 - bits); }   // Knuth's multiplicative hash
  [[nodiscard]] std::int16_t* place(std::size_t at) noexcept { return numbers_.data() + at * size_; }

  std::uint64_t network_ = 0;
  std::size_t size_ = 0;
  std::vector<set> sets_;
  std::vector<std::int16_t> numbers_;
};

}  // namespace switchyard::routing

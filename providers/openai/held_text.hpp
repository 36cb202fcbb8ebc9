// Text that the format makes us keep: it grows piece by piece, stays where it is, and is held once.
#pragma once

#include "providers/dialect.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::responses {

/// The inside of a JSON string in blocks of 16 KiB: growing copies nothing, and 1 MB of text takes little more than 1 MB.
class held_text {
 public:
  void append(std::string_view piece) {
    size_ += piece.size();
    while (!piece.empty()) {
      if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) add_block(piece.size());
      auto& last = blocks_.back();
      const auto fits = std::min(piece.size(), last.capacity() - last.size());
      last += piece.substr(0, fits);
      piece.remove_prefix(fits);
    }
  }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Copied to the end of `out`; or, where the stream's bytes may be lent and it is worth it, referred to at that place.
  void put(std::string& out, std::vector<lent_text>* lent) const {
    constexpr std::size_t worth_lending = 4096;
    for (const auto& block : blocks_) {
      if (lent != nullptr && size_ >= worth_lending) lent->push_back({out.size(), block});
      else out += block;
    }
  }
  [[nodiscard]] std::string joined() const {
    std::string out;
    put(out, nullptr);
    return out;
  }

 private:
  /// Short texts take what they need, doubling; a block that is referred to never moves.
  void add_block(std::size_t wanted) {
    constexpr std::size_t smallest = 64, largest = 16u << 10;
    std::string fresh;
    fresh.reserve(std::clamp(std::max(size_, wanted), smallest, largest));
    blocks_.push_back(std::move(fresh));
  }

  std::vector<std::string> blocks_;   // each beyond a string's own room, so that it stays where it is when the list grows
  std::size_t size_ = 0;
};

}  // namespace switchyard::providers::responses

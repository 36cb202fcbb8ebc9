// The pieces a tokenizer knows, found by their bytes.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// A WordPiece vocabulary: a piece's id is its line. Pieces that go on within a word are written "##ing".
/// The text must outlive it.
class vocabulary {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  /// One piece a line, each line ended by '\n'; "[UNK]" must be among them, no piece twice.
  [[nodiscard]] static result<vocabulary> of_lines(std::string_view text);

  struct match {
    std::uint32_t id = none;
    std::size_t length = 0;      ///< in bytes of the word
  };
  /// The longest piece that `rest` begins with; `inside`: of those that go on within a word.
  [[nodiscard]] match longest(std::string_view rest, bool inside) const noexcept;

  [[nodiscard]] std::uint32_t unknown() const noexcept { return unknown_; }
  [[nodiscard]] std::size_t size() const noexcept { return pieces_.size(); }
  /// As written in the text, "##" included. Precondition: id < size().
  [[nodiscard]] std::string_view piece(std::uint32_t id) const noexcept { return pieces_[id]; }

 private:
  struct slot {
    std::uint32_t tag = 0;
    std::uint32_t id = none;
  };
  [[nodiscard]] std::uint32_t find(std::string_view bytes, std::uint64_t hash, bool inside) const noexcept;

  std::vector<std::string_view> pieces_;
  std::vector<slot> slots_;            // open addressing, a power of two, at most half full
  std::size_t longest_[2] = {0, 0};    // bytes, of pieces that begin a word and of those inside one
  int shift_ = 0;
  std::uint32_t unknown_ = none;
};

}  // namespace switchyard::routing

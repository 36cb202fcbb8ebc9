#include "routing/embedding/vocabulary.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace switchyard::routing {

namespace {

constexpr std::string_view inside_mark = "##";
constexpr std::size_t longest_piece = 64;    // bytes; BERT's longest have 18
constexpr std::uint64_t seeds[2] = {0x243F6A8885A308D3, 0x13198A2E03707344};   // two keyspaces; any odd-looking numbers do
constexpr std::uint64_t spread = 0x9E3779B97F4A7C15;

constexpr std::uint64_t hashed(std::uint64_t h, char c) noexcept { return (h ^ static_cast<unsigned char>(c)) * 0x100000001B3; }
constexpr std::uint32_t tag_of(std::uint64_t h) noexcept { return static_cast<std::uint32_t>(h); }

error bad(const std::string& why) { return internal_error("vocabulary: " + why); }

}  // namespace

result<vocabulary> vocabulary::of_lines(std::string_view text) {
  vocabulary made;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return bad("the last line has no end");
    made.pieces_.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  const auto room = std::bit_ceil(std::max<std::size_t>(16, made.pieces_.size() * 2));
  made.slots_.resize(room);
  made.shift_ = 64 - std::countr_zero(room);
  for (std::uint32_t id = 0; id < made.pieces_.size(); ++id) {
    auto bytes = made.pieces_[id];
    const bool inside = bytes.starts_with(inside_mark) && bytes.size() > inside_mark.size();
    if (inside) bytes.remove_prefix(inside_mark.size());
    if (bytes.empty() || bytes.size() > longest_piece) return bad("line " + std::to_string(id + 1) + " is empty or too long");
    auto h = seeds[inside ? 1 : 0];
    for (const char c : bytes) h = hashed(h, c);
    if (made.find(bytes, h, inside) != none) return bad("line " + std::to_string(id + 1) + " was there before");
    auto at = h * spread >> made.shift_;
    while (made.slots_[at].id != none) at = (at + 1) & (room - 1);
    made.slots_[at] = {tag_of(h), id};
    made.longest_[inside ? 1 : 0] = std::max(made.longest_[inside ? 1 : 0], bytes.size());
    if (bytes == "[UNK]" && !inside) made.unknown_ = id;
  }
  if (made.unknown_ == none) return bad("there is no [UNK]");
  return made;
}

std::uint32_t vocabulary::find(std::string_view bytes, std::uint64_t hash, bool inside) const noexcept {
  for (auto at = hash * spread >> shift_; slots_[at].id != none; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].tag != tag_of(hash)) continue;
    const auto piece = pieces_[slots_[at].id];
    const auto mark = inside ? inside_mark.size() : 0;
    if (piece.size() == bytes.size() + mark && piece.ends_with(bytes) && (!inside || piece.starts_with(inside_mark))) return slots_[at].id;
  }
  return none;
}

vocabulary::match vocabulary::longest(std::string_view rest, bool inside) const noexcept {
  std::array<std::uint64_t, longest_piece + 1> prefix;   // hash of the first i bytes
  const auto most = std::min(rest.size(), longest_[inside ? 1 : 0]);
  prefix[0] = seeds[inside ? 1 : 0];
  for (std::size_t i = 0; i < most; ++i) prefix[i + 1] = hashed(prefix[i], rest[i]);
  for (auto length = most; length > 0; --length)
    if (const auto id = find(rest.substr(0, length), prefix[length], inside); id != none) return {id, length};
  return {};
}

}  // namespace switchyard::routing

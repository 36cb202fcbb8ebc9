// models/characters.bin is what the reference tokenizer does to every code point, written by tools/train/characters:
//
//   file   = magic counts index blocks lists pool
//   magic  = "swydchr1"
//   counts = u32 blocks, u32 lists, u32 pool
//   index  = 8704 * u16          ; block of each run of 128 code points
//   blocks = blocks * 128 * u16  ; 0 letter, 1 removed, 2 stripped, 3 blank, 4 alone, 5 Hangul syllable, n >= 8: list n - 8
//   lists  = lists * (u16 first, u16 count)      ; a stretch of the pool
//   pool   = pool * u32          ; bits 0..20 code point, 21 alone, 22..29 combining class
// All little-endian; the parts stand at multiples of four bytes.
#include "routing/embedding/characters.hpp"

#include "routing/embedding/character_table.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <vector>

namespace switchyard::routing {

namespace {

static_assert(std::endian::native == std::endian::little, "the table is read in place");

constexpr std::size_t block_bits = 7;
constexpr std::size_t runs = 0x110000 >> block_bits;
constexpr std::uint16_t first_list = 8;

struct list {
  std::uint16_t first, count;
};

// Copied out once: the embedded bytes have no alignment to speak of.
class table {
 public:
  table() {
    const char* at = character_table.data() + 8;
    assert(character_table.substr(0, 8) == "swydchr1");
    std::array<std::uint32_t, 3> counts{};
    at = take(counts.data(), counts.size(), at);
    index_.resize(runs);
    blocks_.resize(std::size_t{counts[0]} << block_bits);
    lists_.resize(counts[1]);
    pool_.resize(counts[2]);
    at = take(index_.data(), index_.size(), at);
    at = take(blocks_.data(), blocks_.size(), at);
    at = take(lists_.data(), lists_.size(), at);
    at = take(pool_.data(), pool_.size(), at);
    assert(at == character_table.data() + character_table.size());
  }

  [[nodiscard]] character_fate fate(char32_t code) const noexcept {
    const auto found = blocks_[std::size_t{index_[code >> block_bits]} << block_bits | (code & ((1u << block_bits) - 1))];
    if (found < first_list) return {static_cast<character_kind>(found), {}};
    const auto stretch = lists_[found - first_list];
    return {character_kind::mapped, {pool_.data() + stretch.first, stretch.count}};
  }

 private:
  template <class T>
  static const char* take(T* to, std::size_t count, const char* from) {
    std::memcpy(static_cast<void*>(to), from, count * sizeof(T));
    return from + count * sizeof(T);
  }

  std::vector<std::uint16_t> index_, blocks_;
  std::vector<list> lists_;
  std::vector<normal_character> pool_;
};

}  // namespace

character_fate fate_of(char32_t code) noexcept {
  static const table all;
  return all.fate(code);
}

char32_t next_character(std::string_view& text) noexcept {
  constexpr char32_t broken = 0xFFFD;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  char32_t code = lead & (0x7Fu >> length);
  bool good = lead >= 0xC2 && lead <= 0xF4 && text.size() >= length;
  for (std::size_t i = 1; good && i < length; ++i) {
    good = (byte(i) & 0xC0) == 0x80;
    code = code << 6 | (byte(i) & 0x3F);
  }
  good = good && code >= least[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  text.remove_prefix(good ? length : 1);
  return good ? code : broken;
}

std::size_t write_character(char32_t code, char* to) noexcept {
  const auto put = [to](std::size_t i, char32_t bits) { to[i] = static_cast<char>(bits); };
  if (code < 0x80) return put(0, code), 1;
  if (code < 0x800) return put(0, 0xC0 | code >> 6), put(1, 0x80 | (code & 0x3F)), 2;
  if (code < 0x10000) return put(0, 0xE0 | code >> 12), put(1, 0x80 | (code >> 6 & 0x3F)), put(2, 0x80 | (code & 0x3F)), 3;
  return put(0, 0xF0 | code >> 18), put(1, 0x80 | (code >> 12 & 0x3F)), put(2, 0x80 | (code >> 6 & 0x3F)), put(3, 0x80 | (code & 0x3F)), 4;
}

}  // namespace switchyard::routing

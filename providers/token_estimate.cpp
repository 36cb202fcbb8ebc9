// models/tokens/odds.bin is one block per family, in the order of token_family:
//
//   block = filter 2^17 bytes        ; Bloom filter of 2^20 bits, lowest bit first, two places a segment
//           odds   2^15 bytes        ; odds that a token begins at a byte, in 1/128 token
//           digits 2 * 16 * u16      ; runs of 1..16 digits, first without and then with a blank before them, in 1/1024 token
//           known  16 * u16          ; what a segment of 1..16 bytes that the filter holds costs, in 1/1024 token
//           indent u8                ; 1: an indent belongs to the line break before it and costs nothing
//           zero   63 bytes
// All little-endian. Segments and hashes are those of tools/catalogue/token_model.py, bit for bit.
#include "providers/token_estimate.hpp"

#include "providers/token_odds.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace switchyard::providers {

namespace {

static_assert(std::endian::native == std::endian::little, "the tables and the hash read words in place");

constexpr std::size_t filter_bits = 20;
constexpr std::size_t odds_bits = 15;
constexpr std::size_t longest_known = 16;      // bytes
constexpr std::size_t digit_lengths = 16;
constexpr std::int64_t unit = 1024;            // a token
constexpr std::int64_t odds_scale = unit / 128;

struct family_tables {
  std::array<std::uint8_t, (1u << filter_bits) / 8> filter;
  std::array<std::uint8_t, 1u << odds_bits> odds;
  std::uint16_t digits[2][digit_lengths];
  std::uint16_t known[longest_known];
  std::uint8_t indent_joins;
  std::uint8_t zero[63];
};
static_assert(alignof(family_tables) <= 2 && sizeof(family_tables) == 164'000);

/// Copied out by memcpy where it is wider than a byte: the embedded bytes have no alignment to speak of.
class tables {
 public:
  explicit tables(token_family family) noexcept : block_(token_odds.data() + static_cast<std::size_t>(family) * sizeof(family_tables)) {}

  [[nodiscard]] bool holds(std::uint64_t h) const noexcept {
    return bit(h >> (64 - filter_bits)) && bit(h >> 8 & ((1u << filter_bits) - 1));
  }
  [[nodiscard]] std::uint8_t odds(std::uint32_t window) const noexcept {
    return byte(offsetof(family_tables, odds) + (window * 0x9E3779B1u >> (32 - odds_bits)));
  }
  [[nodiscard]] std::int64_t digits(bool blank, std::size_t length) const noexcept {
    return word(offsetof(family_tables, digits) + 2 * ((blank ? digit_lengths : 0) + std::min(length, digit_lengths) - 1));
  }
  [[nodiscard]] std::int64_t known(std::size_t length) const noexcept { return word(offsetof(family_tables, known) + 2 * (length - 1)); }
  [[nodiscard]] bool indent_joins() const noexcept { return byte(offsetof(family_tables, indent_joins)) != 0; }

 private:
  [[nodiscard]] std::uint8_t byte(std::size_t at) const noexcept { return static_cast<std::uint8_t>(block_[at]); }
  [[nodiscard]] bool bit(std::uint64_t place) const noexcept { return byte(place >> 3) >> (place & 7) & 1; }
  [[nodiscard]] std::int64_t word(std::size_t at) const noexcept {
    std::uint16_t value;
    std::memcpy(&value, block_ + at, sizeof value);
    return value;
  }
  const char* block_;
};

enum kind : std::uint8_t { control, blank, line_break, digit, lower, upper, sign };

/// Everything above ASCII counts as a small letter.
constexpr std::array<kind, 256> kinds = [] {
  std::array<kind, 256> out{};
  for (int c = 0; c < 256; ++c) {
    auto& k = out[static_cast<std::size_t>(c)];
    if (c == ' ' || c == '\t') k = blank;
    else if (c == '\n' || c == '\r') k = line_break;
    else if (c < 0x20 || c == 0x7f) k = control;
    else if (c >= '0' && c <= '9') k = digit;
    else if (c >= 'A' && c <= 'Z') k = upper;
    else if ((c >= 'a' && c <= 'z') || c >= 0x80) k = lower;
    else k = sign;
  }
  return out;
}();

[[nodiscard]] kind kind_of(char c) noexcept { return kinds[static_cast<unsigned char>(c)]; }
[[nodiscard]] bool is_letter(kind k) noexcept { return k == lower || k == upper; }
[[nodiscard]] bool is_white(kind k) noexcept { return k == blank || k == line_break || k == control; }

class counter {
 public:
  counter(std::string_view text, token_family family) noexcept : begin_(text.data()), end_(text.data() + text.size()), use_(family) {}

  /// In 1/1024 token.
  [[nodiscard]] std::int64_t run() noexcept {
    std::int64_t sum = 0;
    bool after_break = false;
    const bool indent_joins = use_.indent_joins();
    for (const char* at = begin_; at != end_;) {
      const char* const from = at;
      what_ = segment::other;
      at = segment_end(at);
      if (what_ == segment::digits) {
        const bool with_blank = *from == ' ';
        sum += use_.digits(with_blank, static_cast<std::size_t>(at - from) - with_blank);
      } else if (!(what_ == segment::blanks && after_break && indent_joins)) {
        sum += cost(from, static_cast<std::size_t>(at - from));
      }
      after_break = what_ == segment::breaks;
    }
    return sum;
  }

 private:
  enum class segment : std::uint8_t { other, digits, blanks, breaks };

  [[nodiscard]] kind at_or(const char* at, kind otherwise) const noexcept { return at < end_ ? kind_of(*at) : otherwise; }

  template <class Keep>
  [[nodiscard]] const char* skip(const char* at, Keep keep) const noexcept {
    while (at != end_ && keep(kind_of(*at))) ++at;
    return at;
  }

  /// skip() of small letters, eight at a time: most of a text is words.
  [[nodiscard]] const char* skip_lower(const char* at) const noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101, high = ones * 0x80;
    while (end_ - at >= static_cast<std::ptrdiff_t>(sizeof(std::uint64_t))) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      const std::uint64_t low = word & ~high;    // no sum of a byte below carries into the next
      const std::uint64_t from_a = low + ones * (0x80 - 'a');
      const std::uint64_t above_z = low + ones * (0x80 - ('z' + 1));
      const std::uint64_t others = ~((from_a & ~above_z) | word) & high;
      if (others != 0) return at + (std::countr_zero(others) >> 3);
      at += sizeof word;
    }
    return skip(at, [](kind k) { return k == lower; });
  }

  /// Capitals, then small letters; capitals alone only where no small letter follows.
  [[nodiscard]] const char* word_end(const char* at) const noexcept {
    return skip_lower(skip(at, [](kind k) { return k == upper; }));
  }

  /// "'s", "'re": 2 or 3 bytes, no letter behind; 0: none.
  [[nodiscard]] std::size_t contraction(const char* at) const noexcept {
    if (*at != '\'' || end_ - at < 2) return 0;
    const auto ascii_letter = [this](const char* p) { return p < end_ && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')); };
    const char c = at[1];
    if ((c == 's' || c == 't' || c == 'm' || c == 'd') && !ascii_letter(at + 2)) return 2;
    if (end_ - at < 3) return 0;
    const char d = at[2];
    const bool two = (c == 'r' && d == 'e') || (c == 'v' && d == 'e') || (c == 'l' && d == 'l');
    return two && !ascii_letter(at + 3) ? 3 : 0;
  }

  [[nodiscard]] const char* segment_end(const char* at) noexcept {
    const kind first = kind_of(*at);
    if (is_letter(first)) return word_end(at);
    if (first == digit) {
      what_ = segment::digits;
      return skip(at + 1, [](kind k) { return k == digit; });
    }
    if (first == sign) return sign_end(at);
    return white_end(at, first);
  }

  [[nodiscard]] const char* sign_end(const char* at) noexcept {
    if (const auto length = contraction(at)) return at + length;
    // A lone sign joins the word behind it: "(self", ".get".
    if (is_letter(at_or(at + 1, control))) {
      const bool alone = at == begin_ || (at[-1] != ' ' && kind_of(at[-1]) != sign);
      if (alone) return word_end(at + 1);
    }
    return skip(skip(at, [](kind k) { return k == sign; }), [](kind k) { return k == line_break; });
  }

  [[nodiscard]] const char* white_end(const char* at, kind first) noexcept {
    const kind next = at_or(at + 1, control);
    if (*at == ' ') {
      if (is_letter(next)) return word_end(at + 1);
      if (next == digit) {
        what_ = segment::digits;
        return skip(at + 2, [](kind k) { return k == digit; });
      }
      if (next == sign) return skip(skip(at + 1, [](kind k) { return k == sign; }), [](kind k) { return k == line_break; });
    }
    if (first != control) {
      const char* const blanks = skip(at, [](kind k) { return k == blank; });
      if (at_or(blanks, control) == line_break) {
        what_ = segment::breaks;
        return skip(blanks, [](kind k) { return k == line_break; });
      }
      // All but the last blank, which joins what follows it.
      if (blanks - at >= 2 && blanks[-1] == ' ' && blanks != end_) {
        what_ = segment::blanks;
        return blanks - 1;
      }
    }
    const char* const end = skip(at, is_white);
    if (std::all_of(at, end, [](char c) { return kind_of(c) == blank; })) what_ = segment::blanks;
    return end;
  }

  [[nodiscard]] std::int64_t cost(const char* at, std::size_t length) const noexcept {
    if (length <= longest_known && use_.holds(hash(at, length))) return use_.known(length);
    std::int64_t odds = 0;
    std::uint32_t window = 0;
    std::size_t i = 0;
    const auto step = [&] {
      window = window << 8 | static_cast<unsigned char>(at[i++]);
      odds += use_.odds(window);
    };
    while (i < std::min<std::size_t>(length, 3)) step();
    // Five windows of four bytes stand in eight bytes.
    for (; i + 5 <= length; i += 5) {
      std::uint64_t bytes;
      std::memcpy(&bytes, at + i - 3, sizeof bytes);
      bytes = __builtin_bswap64(bytes);
      odds += use_.odds(static_cast<std::uint32_t>(bytes >> 32)) + use_.odds(static_cast<std::uint32_t>(bytes >> 24)) +
              use_.odds(static_cast<std::uint32_t>(bytes >> 16)) + use_.odds(static_cast<std::uint32_t>(bytes >> 8)) +
              use_.odds(static_cast<std::uint32_t>(bytes));
      window = static_cast<std::uint32_t>(bytes);
    }
    while (i < length) step();
    return std::max(odds * odds_scale, unit);
  }

  [[nodiscard]] std::uint64_t hash(const char* at, std::size_t length) const noexcept {
    std::uint64_t words[2] = {};
    if (end_ - at >= static_cast<std::ptrdiff_t>(longest_known)) {
      std::memcpy(words, at, sizeof words);
      if (length <= 8) {
        words[0] &= length == 8 ? ~0ull : (1ull << 8 * length) - 1;
        words[1] = 0;
      } else if (length < 16) {
        words[1] &= (1ull << 8 * (length - 8)) - 1;
      }
    } else {
      std::memcpy(words, at, length);
    }
    std::uint64_t h = words[0] * 0x9E3779B97F4A7C15ull + words[1] * 0xC2B2AE3D27D4EB4Full;
    h ^= h >> 32;
    return h * 0xD6E8FEB86659FD93ull;
  }

  const char* begin_;
  const char* end_;
  tables use_;
  segment what_ = segment::other;
};

[[nodiscard]] std::int64_t whole_tokens(std::int64_t units) noexcept { return (units + unit / 2) / unit; }

[[nodiscard]] int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// Writes out what the escape at `at` (just behind its backslash) stands for; returns the position behind it. Surrogates are written one
/// by one: their bytes are no UTF-8, but as many to count as tokenizers see.
[[nodiscard]] const char* unescape(const char* at, const char* end, char*& out) noexcept {
  const char c = *at++;
  switch (c) {
    case 'n': *out++ = '\n'; return at;
    case 't': *out++ = '\t'; return at;
    case 'r': *out++ = '\r'; return at;
    case 'b': *out++ = '\b'; return at;
    case 'f': *out++ = '\f'; return at;
    case 'u': break;
    default: *out++ = c; return at;
  }
  if (end - at < 4) return end;
  std::uint32_t code = 0;
  for (int i = 0; i < 4; ++i) code = code << 4 | static_cast<std::uint32_t>(std::max(hex_value(at[i]), 0));
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xc0 | code >> 6);
    *out++ = static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *out++ = static_cast<char>(0xe0 | code >> 12);
    *out++ = static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out++ = static_cast<char>(0x80 | (code & 0x3f));
  }
  return at + 4;
}

}  // namespace

std::int64_t estimate_tokens(std::string_view text, token_family family) noexcept { return whole_tokens(counter(text, family).run()); }

std::int64_t estimate_json_string_tokens(std::string_view inside, token_family family) noexcept {
  if (inside.find('\\') == std::string_view::npos) return estimate_tokens(inside, family);
  // A window at a time; a segment that is cut at its end is counted as two.
  std::array<char, 4096> window;
  constexpr std::size_t longest_escape = 4;
  std::int64_t units = 0;
  const char* at = inside.data();
  const char* const end = at + inside.size();
  while (at != end) {
    char* out = window.data();
    while (at != end && out + longest_escape <= window.data() + window.size()) {
      const auto room = std::min(end - at, window.data() + window.size() - out);
      const auto* slash = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(room)));
      const auto run = slash == nullptr ? room : slash - at;
      out = std::copy_n(at, run, out);
      at += run;
      if (slash == nullptr || out + longest_escape > window.data() + window.size()) break;
      ++at;
      if (at == end) break;
      at = unescape(at, end, out);
    }
    units += counter({window.data(), static_cast<std::size_t>(out - window.data())}, family).run();
  }
  return whole_tokens(units);
}

namespace {

[[nodiscard]] token_family find_family(std::string_view model) noexcept {
  if (const auto slash = model.rfind('/'); slash != std::string_view::npos) model.remove_prefix(slash + 1);
  const auto says = [&](std::string_view word) {
    return std::search(model.begin(), model.end(), word.begin(), word.end(), [](char a, char b) {
             return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
           }) != model.end();
  };
  if (says("claude")) return token_family::claude;
  if (says("gemini") || says("gemma")) return token_family::gemini;
  if (says("llama")) return token_family::llama;
  if (says("mistral") || says("mixtral") || says("ministral") || says("codestral") || says("devstral") || says("magistral") || says("pixtral"))
    return token_family::mistral;
  if (says("gpt-3.5") || says("gpt-4-") || model == "gpt-4" || says("text-embedding") || says("davinci-002") || says("babbage-002"))
    return token_family::cl100k;
  return token_family::o200k;
}

}  // namespace

token_family family_of(std::string_view model) noexcept {
  // A dozen searches; the next request names the same model as a rule.
  struct answer {
    std::array<char, 64> name;
    std::size_t size = 0;
    token_family family = token_family::o200k;
  };
  thread_local answer last;
  if (model.empty() || model.size() > last.name.size()) return find_family(model);
  if (model == std::string_view(last.name.data(), last.size)) return last.family;
  last.family = find_family(model);
  last.size = model.copy(last.name.data(), model.size());
  return last.family;
}

}  // namespace switchyard::providers

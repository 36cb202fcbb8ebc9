#include "providers/json_scan.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace switchyard::providers::json {

namespace {

[[nodiscard]] bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Next quote, brace or bracket at or after `at`.
[[nodiscard]] std::size_t find_structure(std::string_view text, std::size_t at) noexcept {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i lower = _mm_set1_epi8(0x20);   // turns [ ] into { }
  const __m128i open = _mm_set1_epi8('{');
  const __m128i close = _mm_set1_epi8('}');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i folded = _mm_or_si128(bytes, lower);
    const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                                      _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close)));
    if (const int mask = _mm_movemask_epi8(hits); mask != 0)
      return at + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
  }
#endif
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '{' || c == '}' || c == '[' || c == ']') return at;
  }
  return npos;
}

/// What a byte is within a JSON string; 0: itself.
enum sort : unsigned char { sign = 1, above = 2 };
constexpr std::array<unsigned char, 256> sorts = [] {
  std::array<unsigned char, 256> out{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F) out[byte] = sign;
    if (byte >= 0x80) out[byte] = above;
  }
  return out;
}();

/// How many bytes at the start of `text` stand in a JSON string as they are; those above ASCII only if that is wanted.
[[nodiscard]] std::size_t plain_prefix(std::string_view text, bool above_ascii) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1F), deleted = _mm_set1_epi8(0x7F);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i hits = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                      _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes), _mm_cmpeq_epi8(bytes, deleted)));
    const int mask = _mm_movemask_epi8(hits) | (above_ascii ? 0 : _mm_movemask_epi8(bytes));
    if (mask != 0) return at + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
  }
#endif
  const unsigned char stops = above_ascii ? sign : sign | above;
  while (at < text.size() && (sorts[static_cast<unsigned char>(text[at])] & stops) == 0) ++at;
  return at;
}

[[nodiscard]] int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The code unit of "\uXXXX" at `at`, or -1.
[[nodiscard]] int code_unit(std::string_view text, std::size_t at) noexcept {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (c >> 18)));
    out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

}  // namespace

std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

std::size_t skip_string(std::string_view text, std::size_t at) noexcept {
  const std::size_t first = ++at;
  while (at < text.size()) {
    const void* hit = std::memchr(text.data() + at, '"', text.size() - at);
    if (hit == nullptr) return npos;
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    std::size_t slashes = quote;
    while (slashes > first && text[slashes - 1] == '\\') --slashes;
    if ((quote - slashes) % 2 == 0) return quote + 1;
    at = quote + 1;
  }
  return npos;
}

std::size_t skip_value(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return npos;
  const char first = text[at];
  if (first == '"') return skip_string(text, at);
  if (first != '{' && first != '[') {
    const std::size_t begin = at;
    while (at < text.size() && !is_space(text[at]) && text[at] != ',' && text[at] != '}' && text[at] != ']' && text[at] != ':' &&
           text[at] != '"')
      ++at;
    return at == begin ? npos : at;
  }
  // Braces and brackets are counted together: for text that is already valid that is exact, for other text it stays bounded.
  std::size_t depth = 0;
  while ((at = find_structure(text, at)) != npos) {
    switch (text[at]) {
      case '"':
        at = skip_string(text, at);
        if (at == npos) return npos;
        break;
      case '{':
      case '[': ++depth; ++at; break;
      default:
        ++at;
        if (--depth == 0) return at;
    }
  }
  return npos;
}

std::size_t skip_plain_container(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  unsigned in_string = 0;   // all ones: what comes next stands within a string
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1F);
  const __m128i lower = _mm_set1_epi8(0x20), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');   // lower turns [ ] into { }
  const auto mask_of = [](__m128i hits) { return static_cast<unsigned>(_mm_movemask_epi8(hits)); };
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i folded = _mm_or_si128(bytes, lower);
    const unsigned opens = mask_of(_mm_cmpeq_epi8(folded, open)), closes = mask_of(_mm_cmpeq_epi8(folded, close));
    const unsigned odd = mask_of(_mm_or_si128(_mm_cmpeq_epi8(bytes, backslash), _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes)));
    // Each bit becomes the parity of the quotes up to it: 1 within a string.
    unsigned strings = mask_of(_mm_cmpeq_epi8(bytes, quote));
    strings ^= strings << 1, strings ^= strings << 2, strings ^= strings << 4, strings ^= strings << 8;
    strings ^= in_string;
    in_string = 0u - (strings >> 15 & 1u);
    for (unsigned hits = ((opens | closes) & ~strings) | odd; hits != 0; hits &= hits - 1) {
      const unsigned lowest = hits & (0u - hits);
      if ((opens & lowest) != 0) ++depth;
      else if ((odd & lowest) != 0) return npos;
      else if (--depth == 0) return at + static_cast<std::size_t>(__builtin_ctz(lowest)) + 1;
    }
  }
#endif
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' || static_cast<unsigned char>(c) < 0x20) return npos;
    if (c == '"') in_string = ~in_string;
    else if (in_string != 0) continue;
    else if (c == '{' || c == '[') ++depth;
    else if ((c == '}' || c == ']') && --depth == 0) return at + 1;
  }
  return npos;
}

std::size_t plain_characters(std::string_view inside) noexcept { return plain_prefix(inside, false); }

std::size_t nesting_depth(std::string_view text) noexcept {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (std::size_t at = 0; (at = find_structure(text, at)) != npos;) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      if (at == npos) break;
      continue;
    }
    if (c == '{' || c == '[')
      deepest = std::max(deepest, ++depth);
    else if (depth > 0)
      --depth;
    ++at;
  }
  return deepest;
}

members::members(std::string_view text) noexcept : text_(text) {
  at_ = skip_space(text_, 0);
  if (at_ >= text_.size() || text_[at_] != '{') return;
  open_ = ++at_;
  state_ = state::first;
}

bool members::next(member& out) noexcept {
  if (state_ != state::first && state_ != state::more) return false;
  at_ = skip_space(text_, at_);
  if (at_ < text_.size() && text_[at_] == '}') {
    ++at_;
    state_ = state::closed;
    return false;
  }
  if (state_ == state::more) {
    if (at_ >= text_.size() || text_[at_] != ',') {
      state_ = state::broken;
      return false;
    }
    at_ = skip_space(text_, at_ + 1);
  }
  state_ = state::broken;
  if (at_ >= text_.size() || text_[at_] != '"') return false;
  out.begin = at_;
  at_ = skip_string(text_, at_);
  if (at_ == npos) return false;
  out.name = text_.substr(out.begin + 1, at_ - out.begin - 2);
  at_ = skip_space(text_, at_);
  if (at_ >= text_.size() || text_[at_] != ':') return false;
  out.value_begin = skip_space(text_, at_ + 1);
  at_ = skip_value(text_, out.value_begin);
  if (at_ == npos) return false;
  out.end = at_;
  out.value = text_.substr(out.value_begin, out.end - out.value_begin);
  state_ = state::more;
  return true;
}

elements::elements(std::string_view text) noexcept : text_(text) {
  at_ = skip_space(text_, 0);
  if (at_ >= text_.size() || text_[at_] != '[') return;
  ++at_;
  state_ = state::first;
}

bool elements::next(std::string_view& out) noexcept {
  if (state_ != state::first && state_ != state::more) return false;
  at_ = skip_space(text_, at_);
  if (at_ < text_.size() && text_[at_] == ']') {
    ++at_;
    state_ = state::closed;
    return false;
  }
  if (state_ == state::more) {
    if (at_ >= text_.size() || text_[at_] != ',') {
      state_ = state::broken;
      return false;
    }
    at_ = skip_space(text_, at_ + 1);
  }
  state_ = state::broken;
  const std::size_t begin = at_;
  at_ = skip_value(text_, at_);
  if (at_ == npos) return false;
  out = text_.substr(begin, at_ - begin);
  state_ = state::more;
  return true;
}

bool has_entries(std::string_view value) noexcept {
  if (!is_object(value) && !is_array(value)) return false;
  const std::size_t at = skip_space(value, 1);
  return at < value.size() && value[at] != '}' && value[at] != ']';
}

std::string_view find(std::string_view object, std::string_view name) noexcept {
  members walk(object);
  member m;
  while (walk.next(m))
    if (m.name == name) return m.value;
  return {};
}

std::optional<std::int64_t> as_count(std::string_view value) noexcept {
  constexpr std::int64_t largest = std::int64_t{1} << 53;   // as exact as JSON's numbers are; sums of a few of them stay in range
  std::int64_t count = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (problem != std::errc{} || count < 0 || count > largest) return std::nullopt;
  std::string_view rest = value.substr(static_cast<std::size_t>(end - value.data()));
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() == '0') rest.remove_prefix(1);
  }
  if (!rest.empty()) return std::nullopt;
  return count;
}

std::string unescape(std::string_view value) {
  std::string out;
  if (!is_string(value)) return out;
  value = value.substr(1, value.size() - 2);
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size();) {
    if (value[i] != '\\' || i + 1 == value.size()) {
      out.push_back(value[i++]);
      continue;
    }
    switch (const char c = value[i + 1]) {
      case 'b': out.push_back('\b'); break;
      case 'f': out.push_back('\f'); break;
      case 'n': out.push_back('\n'); break;
      case 'r': out.push_back('\r'); break;
      case 't': out.push_back('\t'); break;
      case 'u': {
        const int unit = code_unit(value, i);
        if (unit < 0) {
          out.append("\\u");
          break;
        }
        i += 4;
        auto code = static_cast<std::uint32_t>(unit);
        if (code >= 0xD800 && code < 0xE000) {
          const int low = code < 0xDC00 ? code_unit(value, i + 2) : -1;
          if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(low) - 0xDC00);
            i += 6;
          } else {
            code = 0xFFFD;
          }
        }
        append_utf8(out, code);
        break;
      }
      default: out.push_back(c);   // quote, backslash, slash, and whatever else was escaped
    }
    i += 2;
  }
  return out;
}

std::size_t text_length(std::string_view value) noexcept {
  if (!is_string(value)) return 0;
  value = value.substr(1, value.size() - 2);
  std::size_t length = value.size();
  for (std::size_t at = value.find('\\'); at != std::string_view::npos && at + 1 < value.size();
       at = at < value.size() ? value.find('\\', at) : std::string_view::npos) {
    const std::size_t escape = value[at + 1] == 'u' ? std::min<std::size_t>(6, value.size() - at) : 2;
    length -= escape - 1;
    at += escape;
  }
  return length;
}

void append_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  bool checked = false, utf8 = false;   // most text is ASCII and need not be checked
  out.reserve(out.size() + text.size() + 2);
  out.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const auto plain = plain_prefix(text.substr(at), utf8);
    out.append(text, at, plain);
    at += plain;
    if (at == text.size()) break;
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && !checked) {
      checked = true;
      utf8 = simdjson::validate_utf8(text.data(), text.size());
      continue;
    }
    ++at;
    switch (c) {
      case '"':
      case '\\': out.push_back('\\'), out.push_back(c); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default:
        if (byte >= 0x80) {
          out.append("\xEF\xBF\xBD");
        } else {
          out.append("\\u00");
          out.push_back(digits[byte >> 4]);
          out.push_back(digits[byte & 15]);
        }
    }
  }
  out.push_back('"');
}

}  // namespace switchyard::providers::json

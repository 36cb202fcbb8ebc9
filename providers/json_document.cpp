#include "providers/json_document.hpp"

#include "providers/json_fault.hpp"
#include "providers/json_scan.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace switchyard::providers::json {

namespace {

constexpr std::size_t kept_memory = 4u << 20;
constexpr std::size_t memory_per_byte = 13;   // tape 8, structural indexes 4, strings 5/3, rounded

struct thread_state {
  simdjson::dom::parser parser;
  std::string copy;
  bool borrowed = false;
};
thread_local thread_state state;

[[nodiscard]] int hex4(const char* at) noexcept {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

/// simdjson 3.0 lets some unpaired surrogates through. `text` is valid JSON otherwise, so a backslash starts a whole escape.
/// Returns the offset of the first unpaired one, or npos.
[[nodiscard]] std::size_t find_lone_surrogate(std::string_view text) noexcept {
  constexpr auto none = std::string_view::npos;
  for (std::size_t at = text.find('\\'); at != none; at = text.find('\\', at)) {
    if (text[at + 1] != 'u') {
      at += 2;
      continue;
    }
    const int unit = hex4(text.data() + at + 2);
    if (unit < 0xD800 || unit > 0xDFFF) {
      at += 6;
      continue;
    }
    if (unit > 0xDBFF || text.substr(at + 6, 2) != "\\u") return at;
    const int low = hex4(text.data() + at + 8);
    if (low < 0xDC00 || low > 0xDFFF) return at;
    at += 12;
  }
  return none;
}

}  // namespace

document::document() {
  assert(!state.borrowed);
  state.borrowed = true;
}

document::~document() {
  state.borrowed = false;
  if (state.parser.capacity() * memory_per_byte > kept_memory) state.parser = simdjson::dom::parser{};
  if (state.copy.capacity() > kept_memory) std::string{}.swap(state.copy);
}

bool document::parse(std::string_view text) {
  auto& parser = state.parser;
  const auto parse_to = [&](std::size_t depth) {
    if (parser.capacity() < text.size() || parser.max_depth() != depth) {
      const auto problem = parser.allocate(std::max<std::size_t>(text.size(), 4096), depth);
      if (problem != simdjson::SUCCESS) return problem;
    }
    return parser.parse(text.data(), text.size(), false).get(root_);
  };
  auto problem = parse_to(max_depth);
  // simdjson does not count an empty innermost container, so 64 full levels need one more, and 65 must not pass by it.
  if (problem == simdjson::DEPTH_ERROR && nesting_depth(text) <= max_depth) problem = parse_to(max_depth + 1);
  if (problem != simdjson::SUCCESS) {
    fault_ = describe_fault(text, simdjson::error_message(problem));
    return false;
  }
  if (const std::size_t at = find_lone_surrogate(text); at != std::string_view::npos) {
    fault_ = "unpaired surrogate at byte " + std::to_string(at);
    return false;
  }
  return true;
}

bool document::parse_copy(std::string_view text) {
  state.copy.reserve(text.size() + padding);
  state.copy.assign(text);
  state.copy.append(padding, ' ');
  return parse(std::string_view(state.copy).substr(0, text.size()));
}

}  // namespace switchyard::providers::json

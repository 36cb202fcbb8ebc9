// The thread's simdjson parser, and what is wrong with a text it refuses. Include in .cpp files only.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace switchyard::providers::json {

inline constexpr std::size_t max_depth = 64;
/// Bytes that must be readable after a text that is parsed in place.
inline constexpr std::size_t padding = simdjson::SIMDJSON_PADDING;

/// Borrows the thread's parser for one document; at most one at a time on a thread. On return the parser gives its memory back if
/// it has grown beyond 4 MiB (it takes about 13 bytes per byte of text).
class document {
 public:
  document();
  ~document();
  document(const document&) = delete;
  document& operator=(const document&) = delete;

  /// Validates the whole of `text`: grammar, UTF-8, depth, numbers, surrogate pairs. `text` needs its padding and outlives this.
  /// False: see fault().
  [[nodiscard]] bool parse(std::string_view text);
  /// Likewise for a text without padding: parses a copy.
  [[nodiscard]] bool parse_copy(std::string_view text);

  [[nodiscard]] simdjson::dom::element root() const { return root_; }
  /// "invalid UTF-8 at byte 17": for people, after a parse that failed.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  simdjson::dom::element root_;
  std::string fault_;
};

}  // namespace switchyard::providers::json

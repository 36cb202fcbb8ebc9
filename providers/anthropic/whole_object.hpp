// Tells when a JSON object that arrives in pieces, each the inside of a JSON string, is whole.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::providers::anthropic {

class whole_object {
 public:
  /// `piece`: escaped once more, as it stands between the quotes of "partial_json" or "arguments".
  void feed(std::string_view piece) noexcept {
    for (const char c : piece) {
      if (outer_escape_) {
        outer_escape_ = false;
        if (c == 'u') lost_ = true;   // a brace or a quote may be hidden in it: better never than too early
        take(c == '"' || c == '\\' || c == '/' ? c : ' ');
      } else if (c == '\\') {
        outer_escape_ = true;
      } else {
        take(c);
      }
    }
  }
  [[nodiscard]] bool complete() const noexcept { return opened_ && depth_ == 0 && !lost_; }

 private:
  void take(char c) noexcept {
    if (in_string_) {
      if (inner_escape_) inner_escape_ = false;
      else if (c == '\\') inner_escape_ = true;
      else if (c == '"') in_string_ = false;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
      opened_ = true;
    } else if (c == '}' || c == ']') {
      --depth_;
    }
  }

  std::int32_t depth_ = 0;
  bool opened_ = false, in_string_ = false, inner_escape_ = false, outer_escape_ = false, lost_ = false;
};

}  // namespace switchyard::providers::anthropic

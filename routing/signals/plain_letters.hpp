// Undoes the tricks that hide words from filters: look-alike letters, invisible characters, letters spelled apart, leetspeak, base64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

struct plain_text {
  std::string text;                      ///< empty: nothing was disguised, the original stands
  std::vector<std::uint32_t> origin;     ///< for each byte of `text` (and its end), the byte of the original it came from
  bool invisible = false, look_alikes = false, spelled = false, leet = false, encoded = false;

  [[nodiscard]] bool disguised() const noexcept { return invisible || look_alikes || spelled || leet || encoded; }
};

/// Text of other scripts stays as it is: letters are only exchanged in words that mix them with Latin ones. What base64 holds is put
/// behind the text, a line each, at most 16 KiB in all.
[[nodiscard]] plain_text plain_letters(std::string_view text);

}  // namespace switchyard::routing

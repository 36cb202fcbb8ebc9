// Most chunks of a chat stream differ from the one before in the text of delta.content alone. Comparing them costs a twentieth of reading.
#pragma once

#include <cctype>
#include <functional>
#include <string>
#include <string_view>

namespace switchyard::providers {

class chunk_shape {
 public:
  /// Where `event` differs from the one remembered in that text alone, and it is not empty: the text, with its quotes. Else nothing.
  [[nodiscard]] std::string_view text_of(std::string_view event) const noexcept {
    if (before_.empty() || event.size() <= before_.size() + after_.size() || !event.starts_with(before_) || !event.ends_with(after_)) return {};
    const auto text = event.substr(before_.size(), event.size() - before_.size() - after_.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c == '"' || c < 0x20) return {};
      if (c != '\\') continue;
      if (++i == text.size()) return {};             // it would escape the closing quote
      if (text[i] != 'u') continue;
      for (int digit = 0; digit < 4; ++digit)
        if (++i == text.size() || std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return {};
    }
    return event.substr(before_.size() - 1, text.size() + 2);
  }

  /// `content`: the text within `event`, with its quotes. One that does not stand there (it was joined from several lines) is not remembered.
  void remember(std::string_view event, std::string_view content) {
    constexpr std::size_t longest = 4096;
    const std::less<const char*> before;
    const bool inside = !before(content.data(), event.data()) && !before(event.data() + event.size(), content.data() + content.size());
    if (!inside || event.size() > longest) return forget();
    const auto at = static_cast<std::size_t>(content.data() - event.data());   // the opening quote
    before_.assign(event.substr(0, at + 1));
    after_.assign(event.substr(at + content.size() - 1));
  }
  void forget() noexcept { before_.clear(); }

 private:
  std::string before_;     // up to the opening quote and with it; empty: nothing is remembered
  std::string after_;
};

}  // namespace switchyard::providers

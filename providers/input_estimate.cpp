#include "providers/input_estimate.hpp"

#include "providers/json_scan.hpp"

#include <cstddef>

namespace switchyard::providers {

namespace {

constexpr std::size_t shortest_inline_data = 256;   // a "data" or "bytes" member below that is taken for text

[[nodiscard]] bool is_attachment(std::string_view key, std::string_view text) noexcept {
  if (text.starts_with("data:")) return true;
  if (key == "url" || key == "image_url" || key == "file_url") return text.starts_with("http://") || text.starts_with("https://");
  return (key == "data" || key == "file_data" || key == "bytes") && text.size() >= shortest_inline_data;
}

[[nodiscard]] std::int64_t count_numbers(std::string_view value) noexcept {
  std::int64_t numbers = 0;
  bool inside = false;
  for (const char c : value) {
    const bool digit = c >= '0' && c <= '9';
    numbers += digit && !inside;
    inside = digit;
  }
  return numbers;
}

}  // namespace

std::int64_t estimate_input_tokens(std::string_view value) noexcept {
  std::size_t bytes = 0;
  std::int64_t attachments = 0;
  std::string_view key;
  std::size_t at = value.find('"');
  if (at == std::string_view::npos) return count_numbers(value);
  while (at != std::string_view::npos) {
    const std::size_t end = json::skip_string(value, at);
    if (end == json::npos) break;
    const std::string_view text = value.substr(at + 1, end - at - 2);
    const std::size_t next = json::skip_space(value, end);
    if (next < value.size() && value[next] == ':')
      key = text;
    else if (is_attachment(key, text))
      ++attachments;
    else if (key != "type")
      bytes += text.size();
    at = value.find('"', next);
  }
  return static_cast<std::int64_t>((bytes + 3) / 4) + attachments * tokens_per_attachment;
}

}  // namespace switchyard::providers

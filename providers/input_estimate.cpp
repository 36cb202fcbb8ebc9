#include "providers/input_estimate.hpp"

#include "providers/json_scan.hpp"

#include <cstddef>

namespace switchyard::providers {

namespace {

constexpr std::size_t shortest_inline_data = 256;   // a "data" or "bytes" member below that is taken for text
constexpr std::size_t read_whole = 64u << 10;       // bytes of one text
constexpr std::size_t sample = 4u << 10;

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

/// Every fourth piece of what goes beyond the part that is read whole: the estimate stays off by a few per cent, and a book costs little time.
[[nodiscard]] std::int64_t text_tokens(std::string_view text, token_family family) noexcept {
  if (text.size() <= read_whole) return estimate_json_string_tokens(text, family);
  const auto tokens = estimate_json_string_tokens(text.substr(0, read_whole), family);
  const auto rest = text.substr(read_whole);
  std::int64_t sampled = 0;
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < rest.size(); at += 4 * sample) {
    const auto piece = rest.substr(at, sample);
    sampled += estimate_json_string_tokens(piece, family);
    bytes += piece.size();
  }
  return tokens + static_cast<std::int64_t>(static_cast<double>(sampled) * static_cast<double>(rest.size()) / static_cast<double>(bytes));
}

}  // namespace

std::int64_t estimate_input_tokens(std::string_view value, token_family family) noexcept {
  std::int64_t tokens = 0;
  std::int64_t messages = 0;
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
    else if (key == "role")
      ++messages;
    else if (key != "type")
      tokens += text_tokens(text, family);
    at = value.find('"', next);
  }
  if (messages > 0) tokens += messages * tokens_per_message + tokens_per_conversation;
  return tokens + attachments * tokens_per_attachment;
}

std::int64_t estimate_schema_tokens(std::string_view value, token_family family) noexcept {
  std::int64_t tokens = 0;
  std::size_t at = value.find('"');
  const bool are_tools = json::is_array(value) || !json::find(value, "tools").empty();   // not an output's schema
  if (family == token_family::claude && at != std::string_view::npos && are_tools) tokens += tokens_for_claudes_tools;
  while (at != std::string_view::npos) {
    const std::size_t end = json::skip_string(value, at);
    if (end == json::npos) break;
    tokens += text_tokens(value.substr(at + 1, end - at - 2), family);
    at = value.find('"', end);
  }
  return tokens;
}

std::int64_t input_estimate::tokens() const noexcept {
  for (const auto& part : uncounted_)
    counted_ += part.is_schema ? estimate_schema_tokens(part.value, part.family) : estimate_input_tokens(part.value, part.family);
  uncounted_.clear();
  return counted_;
}

}  // namespace switchyard::providers

#include "routing/request_prompt.hpp"

#include "providers/json_scan.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

constexpr std::size_t longest_text = 32u << 10;  // bytes of one text, escapes included
constexpr std::size_t most_text = 512u << 10;    // of all texts

speaker speaker_of(providers::text_source who) noexcept {
  switch (who) {
    case providers::text_source::system: return speaker::system;
    case providers::text_source::user: return speaker::user;
    case providers::text_source::assistant: return speaker::assistant;
    case providers::text_source::tool: return speaker::tool;
  }
  return speaker::user;
}

bool is_inside_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The first `most` bytes or fewer: no character and, as far as can be seen from here, no escape is cut.
std::string_view head_of(std::string_view escaped, std::size_t most) noexcept {
  auto end = most;
  while (end > 0 && is_inside_character(escaped[end])) --end;
  if (const auto escape = escaped.substr(0, end).rfind('\\'); escape != std::string_view::npos && end - escape < 6) end = escape;
  return escaped.substr(0, end);
}

std::string_view tail_of(std::string_view escaped, std::size_t most) noexcept {
  auto begin = escaped.size() - most;
  while (begin < escaped.size() && is_inside_character(escaped[begin])) ++begin;
  return escaped.substr(begin);
}

}  // namespace

std::string_view request_prompt::plain(std::string_view json_string, std::size_t& left) {
  auto escaped = json_string.substr(1, json_string.size() - 2);
  if (escaped.size() > longest_text) {
    whole_ = false;
    left -= std::min(left, longest_text);
    auto& text = texts_.emplace_back(providers::json::unescape(std::string("\"").append(head_of(escaped, longest_text / 2)).append("\"")));
    text += '\n';
    text += providers::json::unescape(std::string("\"").append(tail_of(escaped, longest_text / 2)).append("\""));
    return text;
  }
  left -= std::min(left, escaped.size());
  if (escaped.find('\\') == std::string_view::npos) return escaped;
  return texts_.emplace_back(providers::json::unescape(json_string));
}

request_prompt::request_prompt(const providers::api_request& request) {
  const auto found = providers::find_texts(request.operation, request.body);
  if (found.more) whole_ = false;
  asked_.tools = found.tools;
  asked_.images = found.images;
  asked_.json_wanted = found.json_wanted;
  user_ = found.user;
  asked_.input_tokens = request.input.tokens();
  asked_.most_output_tokens = request.max_output_tokens;

  // From the newest on, until the budget is spent; then in the order of the conversation.
  std::size_t left = most_text;
  for (auto last = found.places.size(); last > 0 && left > 0;) {
    auto first = last - 1;
    while (first > 0 && found.places[first - 1].message == found.places[last - 1].message) --first;
    const auto text_at = [&](std::size_t at) {
      const auto& value = found.places[at].value;
      return plain(request.body.substr(value.begin, value.end - value.begin), left);
    };
    std::string_view text = text_at(first);
    if (last - first > 1) {
      std::string joined(text);
      for (auto at = first + 1; at < last && left > 0; ++at) joined.append("\n").append(text_at(at));
      text = texts_.emplace_back(std::move(joined));
    }
    turns_.push_back({speaker_of(found.places[first].who), text});
    last = first;
  }
  if (left == 0) whole_ = false;
  std::reverse(turns_.begin(), turns_.end());
  asked_.turns = turns_;
}

}  // namespace switchyard::routing

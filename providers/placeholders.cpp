#include "providers/placeholders.hpp"

#include "providers/json_scan.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

std::string inside_of_string(std::string_view text) {
  std::string quoted;
  json::append_string(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

bool may_stand_inside(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

}  // namespace

std::string_view placeholder_book::stand_in(std::string_view kind, std::string_view text, std::string_view body) {
  std::string prefix("[");
  for (const char c : kind) prefix += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  prefix += '_';
  std::size_t number = 1;
  for (const auto& one : entries_) {
    if (!one.placeholder.starts_with(prefix)) continue;
    if (one.text == text) return one.placeholder;
    ++number;
  }
  std::string placeholder;
  const auto is_taken = [&] {
    return body.find(placeholder) != std::string_view::npos ||
           std::any_of(entries_.begin(), entries_.end(), [&](const entry& one) { return one.placeholder == placeholder; });
  };
  do placeholder = prefix + std::to_string(number++) + "]";
  while (is_taken());
  entry made{placeholder, std::string(text), inside_of_string(text), {}};
  made.escaped_twice = inside_of_string(made.escaped);
  longest_ = std::max(longest_, placeholder.size());
  return entries_.emplace_back(std::move(made)).placeholder;
}

std::string_view placeholder_book::text_of(std::string_view placeholder, nesting where) const noexcept {
  for (const auto& one : entries_)
    if (one.placeholder == placeholder) return where == nesting::string ? one.escaped : one.escaped_twice;
  return {};
}

bool placeholder_book::begins_one(std::string_view text) const noexcept {
  return std::any_of(entries_.begin(), entries_.end(), [&](const entry& one) { return one.placeholder.starts_with(text); });
}

void find_strings(std::string_view text, std::vector<json_string>& out) {
  using nesting = placeholder_book::nesting;
  out.clear();
  std::string_view key, key_before, type;
  for (std::size_t at = text.find('"'); at != std::string_view::npos;) {
    const auto end = json::skip_string(text, at);
    if (end == json::npos) return;
    const auto inside = text.substr(at + 1, end - at - 2);
    const auto next = json::skip_space(text, end);
    if (next < text.size() && text[next] == ':') {
      key_before = key;
      key = inside;
    } else {
      if (key == "type") type = inside;
      // A tool call's arguments are JSON within a string: OpenAI's, and the pieces of Anthropic's and Bedrock's.
      const bool nested = key == "arguments" || key == "partial_json" || (key == "delta" && type.find("arguments") != std::string_view::npos) ||
                          (key == "input" && key_before == "toolUse");
      out.push_back({key, at + 1, end - 1, nested ? nesting::string_in_string : nesting::string});
    }
    at = text.find('"', end);
  }
}

bool placeholder_book::put_back(std::string_view text, nesting where, std::string& out) const {
  bool changed = false;
  std::size_t copied = 0;
  for (auto at = text.find('['); at != std::string_view::npos; at = text.find('[', at)) {
    auto end = at + 1;
    while (end < text.size() && end - at < longest_ && may_stand_inside(text[end])) ++end;
    if (end < text.size() && text[end] == ']') {
      if (const auto original = text_of(text.substr(at, end + 1 - at), where); !original.empty()) {
        out.append(text.substr(copied, at - copied)).append(original);
        copied = end + 1;
        changed = true;
      }
    }
    at = end;
  }
  if (changed) out.append(text.substr(copied));
  return changed;
}

bool restore(const placeholder_book& book, std::string_view text, std::string& out) {
  std::vector<json_string> strings;
  find_strings(text, strings);
  std::string made;
  std::size_t copied = 0;
  for (const auto& one : strings) {
    std::string inside;
    if (!book.put_back(text.substr(one.begin, one.end - one.begin), one.nesting, inside)) continue;
    made.append(text.substr(copied, one.begin - copied)).append(inside);
    copied = one.end;
  }
  if (copied == 0) return false;
  made.append(text.substr(copied));
  out = std::move(made);
  return true;
}

}  // namespace switchyard::providers

#include "tools/sim/json_fields.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace switchyard::sim {

namespace json = boost::json;

const json::value* field_of(const json::object& from, std::string_view key) noexcept {
  const json::value* v = from.if_contains(key);
  return v && !v->is_null() ? v : nullptr;
}

std::string_view text_of(const json::object& from, std::string_view key) noexcept {
  const json::value* v = from.if_contains(key);
  return v && v->is_string() ? std::string_view(v->get_string()) : std::string_view();
}

const json::object* object_of(const json::object& from, std::string_view key) noexcept {
  const json::value* v = from.if_contains(key);
  return v ? v->if_object() : nullptr;
}

const json::array* array_of(const json::object& from, std::string_view key) noexcept {
  const json::value* v = from.if_contains(key);
  return v ? v->if_array() : nullptr;
}

bool flag_of(const json::object& from, std::string_view key, bool otherwise) noexcept {
  const json::value* v = from.if_contains(key);
  return v && v->is_bool() ? v->get_bool() : otherwise;
}

std::optional<std::int64_t> integer_of(const json::value& from) noexcept {
  boost::system::error_code failed;
  if (!from.is_number()) return std::nullopt;
  const auto n = from.to_number<std::int64_t>(failed);
  if (failed) return std::nullopt;
  return n;
}

std::string_view unknown_key(const json::object& from, std::initializer_list<std::string_view> known) noexcept {
  for (const auto& field : from) {
    if (!is_one_of(field.key(), known)) return field.key();
  }
  return {};
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> known) noexcept {
  return std::find(known.begin(), known.end(), word) != known.end();
}

bool is_name(std::string_view text, std::string_view more, std::size_t longest) noexcept {
  if (text.empty() || text.size() > longest) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || more.find(c) != std::string_view::npos;
  });
}

bool is_base64(std::string_view text) noexcept {
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  const bool whole = padding == 0 ? text.size() % 4 != 1 : (text.size() + padding) % 4 == 0;
  return whole && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' || c == '-' || c == '_';
         });
}

bool is_blank(std::string_view text) noexcept { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace switchyard::sim

#include "tools/switchyardctl/json_text.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdint>
#include <utility>

namespace switchyard::ctl {

namespace json = boost::json;

const json::value* member(const json::value& from, std::string_view dotted_path) noexcept {
  const json::value* at = &from;
  while (at != nullptr && !dotted_path.empty()) {
    const auto dot = std::min(dotted_path.find('.'), dotted_path.size());
    const auto* object = at->if_object();
    at = object == nullptr ? nullptr : object->if_contains(json::string_view(dotted_path.data(), dot));
    dotted_path.remove_prefix(std::min(dot + 1, dotted_path.size()));
  }
  return at == nullptr || at->is_null() ? nullptr : at;
}

std::string text_of(const json::value& what) {
  if (const auto* text = what.if_string()) return text->empty() ? "-" : std::string(text->data(), text->size());
  if (const auto* list = what.if_array()) {
    std::string out;
    for (const auto& entry : *list) out.append(out.empty() ? "" : ", ").append(text_of(entry));
    return out.empty() ? "-" : out;
  }
  if (const auto* flag = what.if_bool()) return *flag ? "yes" : "no";
  if (what.is_null()) return "-";
  if (what.is_double()) return short_number(what.get_double(), 4);
  if (what.is_object() && what.get_object().empty()) return "-";
  return json::serialize(what);
}

std::string text_at(const json::value& from, std::string_view dotted_path) {
  const auto* found = member(from, dotted_path);
  return found == nullptr ? "-" : text_of(*found);
}

std::optional<double> number_at(const json::value& from, std::string_view dotted_path) noexcept {
  const auto* found = member(from, dotted_path);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  if (found->is_double()) return found->get_double();
  return found->is_int64() ? static_cast<double>(found->get_int64()) : static_cast<double>(found->get_uint64());
}

const json::array& list_of(const json::value& answer, std::string_view name) noexcept {
  static const json::array none;
  if (const auto* list = answer.if_array()) return *list;
  const auto* found = member(answer, name);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

namespace {

void indent(std::string& out, const json::value& what, std::size_t depth) {
  const auto line = [&](std::size_t at) { out.append("\n").append(2 * at, ' '); };
  bool first = true;
  if (const auto* object = what.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    for (const auto& [name, value] : *object) {
      if (!std::exchange(first, false)) out += ',';
      line(depth + 1);
      out += json::serialize(name) + ": ";
      indent(out, value, depth + 1);
    }
    line(depth);
    out += '}';
  } else if (const auto* list = what.if_array(); list != nullptr && !list->empty()) {
    out += '[';
    for (const auto& value : *list) {
      if (!std::exchange(first, false)) out += ',';
      line(depth + 1);
      indent(out, value, depth + 1);
    }
    line(depth);
    out += ']';
  } else if (what.is_double()) {   // 0.5, where serialize() writes 5E-1
    char digits[40];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, what.get_double()).ptr);
  } else {
    out += json::serialize(what);
  }
}

}  // namespace

std::string indented_json(const json::value& what) {
  std::string out;
  indent(out, what, 0);
  return out;
}

std::string short_number(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  std::string out = text;
  if (out.find('.') != std::string::npos) {
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

std::string short_duration(double microseconds) {
  if (!std::isfinite(microseconds) || microseconds < 0) return "-";
  if (microseconds < 1000) return short_number(microseconds, 0) + "us";
  if (microseconds < 1e6) return short_number(microseconds / 1e3, 1) + "ms";
  if (microseconds < 60e6) return short_number(microseconds / 1e6, 1) + "s";
  if (microseconds >= 1e17) return ">3000y";
  const auto seconds = static_cast<std::int64_t>(microseconds / 1e6);
  const auto pair = [](std::int64_t big, const char* big_unit, std::int64_t small, const char* small_unit) {
    return std::to_string(big) + big_unit + (small == 0 ? "" : " " + std::to_string(small) + small_unit);
  };
  if (seconds < 3600) return pair(seconds / 60, "m", seconds % 60, "s");
  if (seconds < 86400) return pair(seconds / 3600, "h", seconds / 60 % 60, "m");
  return pair(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string percent(double share) { return short_number(100 * share, 1) + "%"; }

std::string clock_of(const std::string& timestamp) {
  const auto t = timestamp.find('T');
  if (t != 10 || timestamp.size() < 19) return timestamp;
  const auto end = timestamp.find_first_of("Z+-", t);
  return timestamp.substr(t + 1, end == std::string::npos ? end : end - t - 1);
}

}  // namespace switchyard::ctl

#include "providers/event_digest.hpp"

namespace switchyard::providers {

void event_digest::begin() {
  rule_.next_event();
  place_ = place::line_start;
  matched_ = json_ = name_ = name_size_ = skip_depth_ = 0;
  objects_.clear();
  in_string_ = escaped_ = is_name_ = wants_name_ = wants_value_ = skipping_string_ = false;
}

void event_digest::feed(std::string_view bytes, std::string& out) {
  constexpr std::string_view data = "data:";
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (c == '\n' || c == '\r') {   // within a value that is left out, too: it means nothing between two data lines
      out += c;
      place_ = place::line_start;
      matched_ = 0;
      continue;
    }
    if (place_ == place::line_start) {
      if (c != data[matched_]) place_ = place::other_line;
      else if (++matched_ == data.size()) place_ = place::json;
      out += c;
      if (place_ == place::json && json_ == 0) json_ = out.size();
      continue;
    }
    if (place_ == place::other_line) {
      out += c;
      continue;
    }
    if (in_string_ && !escaped_) {   // strings are what there is much of
      auto end = at;
      while (end < bytes.size() && bytes[end] != '"' && bytes[end] != '\\' && bytes[end] != '\n' && bytes[end] != '\r') ++end;
      if (end != at) {
        if (keeps()) out += bytes.substr(at, end - at);
        at = end - 1;
        continue;
      }
    }
    take(c, out);
  }
}

bool event_digest::leaves_out(const std::string& out) {
  if (!wants_value_) return false;
  wants_value_ = false;
  const std::string_view all = out;
  return rule_.is_idle(all.substr(name_, name_size_), all.substr(json_));
}

void event_digest::take(char c, std::string& out) {
  const bool kept = keeps();
  if (in_string_) {
    if (kept) out += c;
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else {
      in_string_ = false;
      if (is_name_) name_size_ = out.size() - 1 - name_;
      is_name_ = skipping_string_ = false;
    }
    return;
  }
  const bool opens = c == '{' || c == '[';
  if (skip_depth_ != 0) {
    if (opens) ++skip_depth_;
    else if (c == '}' || c == ']') --skip_depth_;
    in_string_ = c == '"';
    return;
  }
  if ((opens || (c == '"' && !wants_name_)) && leaves_out(out)) {
    out += c == '{' ? "{}" : c == '[' ? "[]" : "\"\"";
    if (opens) skip_depth_ = 1;
    else in_string_ = skipping_string_ = true;
    return;
  }
  out += c;
  switch (c) {
    case '{':
    case '[':
      objects_.push_back(c == '{');
      wants_name_ = c == '{';
      break;
    case '}':
    case ']':
      if (!objects_.empty()) objects_.pop_back();
      wants_name_ = wants_value_ = false;
      break;
    case '"':
      in_string_ = true;
      is_name_ = wants_name_;
      if (is_name_) name_ = out.size();
      wants_name_ = false;
      break;
    case ':': wants_value_ = !objects_.empty() && objects_.back(); break;
    case ',':
      wants_name_ = !objects_.empty() && objects_.back();
      wants_value_ = false;
      break;
    default: break;
  }
}

}  // namespace switchyard::providers

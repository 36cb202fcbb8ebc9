// What an answer says, whatever format it came in: for holding two formats against each other.
#pragma once

#include "providers/dialect.hpp"
#include "providers/json_scan.hpp"

#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::providers::test {

struct essence {
  std::string text;
  std::string reasoning;
  std::string refusal;
  std::vector<std::pair<std::string, std::string>> calls;   ///< name, arguments without white space
  neutral::finish_reason finish = neutral::finish_reason::none;
  std::optional<std::int64_t> input, output, cached;
  bool ended = false;                                       ///< streams: the end marker came

  friend bool operator==(const essence&, const essence&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const essence& e) {
  out << "text=" << e.text << "\nreasoning=" << e.reasoning << "\nrefusal=" << e.refusal;
  for (const auto& [name, arguments] : e.calls) out << "\ncall " << name << ' ' << arguments;
  return out << "\nfinish=" << static_cast<int>(e.finish) << " input=" << e.input.value_or(-1) << " output=" << e.output.value_or(-1)
             << " cached=" << e.cached.value_or(-1) << " ended=" << e.ended;
}

/// JSON without white space outside strings; numbers and order as they stand.
[[nodiscard]] inline std::string compact(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      const auto end = json::skip_string(text, at);
      if (end == json::npos) return std::string(text);
      json::append_string(out, json::unescape(text.substr(at, end - at)));
      at = end;
    } else {
      if (std::string_view(" \t\r\n").find(text[at]) == std::string_view::npos) out += text[at];
      ++at;
    }
  }
  return out.empty() ? "{}" : out;
}

[[nodiscard]] inline essence essence_of(const neutral::answer& whole) {
  essence out;
  if (!whole.choices.empty()) {
    for (const auto& part : whole.choices.front().parts) {
      switch (part.kind) {
        case neutral::part_kind::text: out.text += json::unescape(part.text); break;
        case neutral::part_kind::reasoning: out.reasoning += json::unescape(part.text); break;
        case neutral::part_kind::refusal: out.refusal += json::unescape(part.text); break;
        case neutral::part_kind::tool_call:
          out.calls.emplace_back(json::unescape(part.name), compact(json::is_string(part.arguments) ? json::unescape(part.arguments) : std::string(part.arguments)));
          break;
        default: break;
      }
    }
    out.finish = whole.choices.front().finish;
  }
  out.input = whole.usage.input;
  out.output = whole.usage.output;
  out.cached = whole.usage.cached_input;
  out.ended = true;
  return out;
}

/// Gathers the first choice of a stream.
class essence_gatherer {
 public:
  void take(const neutral::event& what) {
    if (what.choice != 0) return;
    using neutral::event_kind;
    switch (what.kind) {
      case event_kind::part_begin:
        parts_[what.index] = {what.part.kind, what.part.name.empty() ? std::string() : json::unescape(what.part.name), ""};
        break;
      case event_kind::delta: parts_[what.index].text += what.text.empty() ? std::string() : json::unescape(what.text); break;
      case event_kind::finish: out_.finish = what.finish; break;
      case event_kind::start:
      case event_kind::counts:
        if (what.usage.input) out_.input = what.usage.input;
        if (what.usage.output) out_.output = what.usage.output;
        if (what.usage.cached_input) out_.cached = what.usage.cached_input;
        break;
      case event_kind::end: out_.ended = true; break;
      case event_kind::part_end: break;
    }
  }

  [[nodiscard]] essence result() const {
    essence out = out_;
    for (const auto& [index, part] : parts_) {
      switch (part.kind) {
        case neutral::part_kind::text: out.text += part.text; break;
        case neutral::part_kind::reasoning: out.reasoning += part.text; break;
        case neutral::part_kind::refusal: out.refusal += part.text; break;
        case neutral::part_kind::tool_call: out.calls.emplace_back(part.name, compact(part.text)); break;
        default: break;
      }
    }
    return out;
  }

 private:
  struct gathered {
    neutral::part_kind kind = neutral::part_kind::text;
    std::string name;
    std::string text;
  };
  essence out_;
  std::map<std::uint32_t, gathered> parts_;
};

}  // namespace switchyard::providers::test

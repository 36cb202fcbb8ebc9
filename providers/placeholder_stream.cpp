// stream_restorer of placeholders.hpp.
#include "providers/bedrock/event_stream.hpp"
#include "providers/json_scan.hpp"
#include "providers/placeholders.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers {

namespace {

/// Members that carry a piece of a text, whatever the format.
constexpr std::array<std::string_view, 9> piece_members{"content", "reasoning_content", "reasoning", "refusal", "text",
                                                        "delta",   "thinking",          "partial_json", "arguments"};
/// Members that say which text of several it is.
constexpr std::array<std::string_view, 4> place_members{"index", "output_index", "content_index", "contentBlockIndex"};

bool is_piece(const json_string& one) noexcept {
  return std::find(piece_members.begin(), piece_members.end(), one.key) != piece_members.end() ||
         (one.key == "input" && one.nesting == placeholder_book::nesting::string_in_string);
}

/// Every figure of the place members, in the order they come: "0,1,".
std::string places_in(std::string_view json) {
  std::string out;
  for (const auto name : place_members) {
    const auto quoted = std::string("\"").append(name).append("\"");
    for (auto at = json.find(quoted); at != std::string_view::npos; at = json.find(quoted, at + 1)) {
      auto value = json::skip_space(json, at + quoted.size());
      if (value >= json.size() || json[value] != ':') continue;
      value = json::skip_space(json, value + 1);
      while (value < json.size() && json[value] >= '0' && json[value] <= '9') out += json[value++];
      out += ',';
    }
  }
  return out;
}

/// Where the last placeholder begins that `text` does not finish; npos: none.
std::size_t open_tail(const placeholder_book& book, std::string_view text) noexcept {
  const auto at = text.rfind('[');
  if (at == std::string_view::npos || text.size() - at >= book.longest()) return std::string_view::npos;
  return book.begins_one(text.substr(at)) ? at : std::string_view::npos;
}

/// Where the first event ends, its blank line included; npos: it does not. Looks at no byte beyond it: a whole stream of many events is cut so.
std::size_t event_end(std::string_view bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] != '\n' && bytes[at] != '\r') continue;
    for (const std::string_view blank_line : {"\n\n", "\r\n\r\n", "\r\r"})
      if (bytes.substr(at).starts_with(blank_line)) return at + blank_line.size();
  }
  return std::string_view::npos;
}

}  // namespace

std::string stream_restorer::rebuilt(std::string_view event, std::string_view payload, std::span<const edit> edits) const {
  std::string inside;
  inside.reserve(payload.size() + 64);
  std::size_t copied = 0;
  for (const auto& one : edits) {
    inside.append(payload.substr(copied, one.begin - copied)).append(one.text);
    copied = one.end;
  }
  inside.append(payload.substr(copied));
  std::string out;
  if (shape_ == shape::frames) {
    frame_splitter splitter;
    splitter.feed(event);
    event_frame frame;
    if (!splitter.next(frame)) return std::string(event);
    frame_writer writer(out, frame.message_type, frame.event_type);
    out += inside;
    writer.end();
    return out;
  }
  const auto begin = static_cast<std::size_t>(payload.data() - event.data());
  out.append(event.substr(0, begin)).append(inside).append(event.substr(begin + payload.size()));
  return out;
}

void stream_restorer::release_all() {
  for (auto& one : held_) emit(std::move(one.whole));
  held_.clear();
}

/// A text whose next piece would have come by now: another kind of text has begun.
void stream_restorer::release_others() {
  for (auto one = held_.begin(); one != held_.end();) {
    const bool goes_on = std::any_of(strings_.begin(), strings_.end(), [&](const json_string& s) { return is_piece(s) && s.key == one->key; });
    if (goes_on) {
      ++one;
      continue;
    }
    emit(std::move(one->whole));
    one = held_.erase(one);
  }
}

/// Cuts `bytes` into single events.
void stream_restorer::split(std::string_view bytes) {
  if (shape_ == shape::frames) {
    frame_splitter splitter;
    splitter.feed(bytes);
    event_frame frame;
    while (splitter.next(frame)) {
      take(bytes.substr(0, frame.bytes.size()));
      bytes.remove_prefix(frame.bytes.size());
    }
  } else if (shape_ == shape::array) {
    for (auto begin = bytes.find('{'); begin != std::string_view::npos; begin = bytes.find('{')) {
      const auto end = json::skip_value(bytes, begin);
      if (end == json::npos) break;
      take(bytes.substr(0, end));
      bytes.remove_prefix(end);
    }
  } else {
    for (auto end = event_end(bytes); end != std::string_view::npos; end = event_end(bytes)) {
      take(bytes.substr(0, end));
      bytes.remove_prefix(end);
    }
  }
  if (!bytes.empty()) take(bytes);
}

void stream_restorer::take(std::string_view event) {
  // The rest of a line break that came apart belongs to the event before it.
  if (last_is_held_ && event.find_first_not_of("\r\n") == std::string_view::npos) {
    held_.back().whole += event;
    held_.back().without += event;
    return;
  }
  last_is_held_ = false;
  std::string_view payload;
  if (shape_ == shape::frames) {
    frame_splitter splitter;
    splitter.feed(event);
    event_frame frame;
    if (splitter.next(frame)) payload = event.substr(static_cast<std::size_t>(frame.payload.data() - frame.bytes.data()), frame.payload.size());
  } else if (const auto begin = event.find('{'); begin != std::string_view::npos) {
    payload = event.substr(begin, event.rfind('}') + 1 - begin);
  }
  // Comments and pings come at any time and say nothing of a text.
  const bool is_aside = event.starts_with(':') || payload.find("\"ping\"") != std::string_view::npos;
  find_strings(payload, strings_);
  const auto pieces = std::count_if(strings_.begin(), strings_.end(), is_piece);
  if (pieces > 0)
    release_others();
  else if (!is_aside)
    release_all();

  std::vector<edit> edits, less_tail;
  std::string key, identity, pending;
  std::size_t ordinal = 0;
  const auto places = pieces > 0 ? places_in(payload) : std::string();
  for (const auto& one : strings_) {
    const bool piece = is_piece(one);
    std::string who;
    std::string text(payload.substr(one.begin, one.end - one.begin));
    bool changed = false;
    if (piece) {
      who = places + std::string(one.key) + "#" + std::to_string(ordinal++);
      const auto earlier = std::find_if(held_.begin(), held_.end(), [&](const held_event& h) { return h.identity == who; });
      if (earlier != held_.end()) {
        text.insert(0, earlier->pending);
        changed = !earlier->pending.empty();
        emit(std::move(earlier->without));
        held_.erase(earlier);
      }
    }
    if (std::string back; book_.put_back(text, one.nesting, back)) {
      text = std::move(back);
      changed = true;
    }
    const auto tail = piece ? open_tail(book_, text) : std::string_view::npos;
    if (tail != std::string_view::npos) {
      // One text of an event may wait; of several the last does.
      key = one.key;
      identity = who;
      pending = text.substr(tail);
      less_tail = edits;
      less_tail.push_back({one.begin, one.end, text.substr(0, tail)});
    } else if (changed && !identity.empty()) {
      less_tail.push_back({one.begin, one.end, text});
    }
    if (changed) edits.push_back({one.begin, one.end, std::move(text)});
  }
  if (!identity.empty()) {
    last_is_held_ = true;
    held_.push_back({std::move(key), std::move(identity), std::move(pending), rebuilt(event, payload, less_tail), rebuilt(event, payload, edits)});
  } else if (!edits.empty()) {
    emit(rebuilt(event, payload, edits));
  } else {
    out_.push_back(event);
  }
}

std::span<const std::string_view> stream_restorer::feed(std::span<const std::string_view> events) {
  out_.clear();
  made_.clear();
  for (const auto event : events) split(event);
  return out_;
}

std::span<const std::string_view> stream_restorer::finish() {
  release_all();
  return out_;
}

std::string stream_restorer::whole(std::string_view stream) {
  static_cast<void>(feed({&stream, 1}));
  std::string out;
  for (const auto event : finish()) out += event;
  return out;
}

}  // namespace switchyard::providers

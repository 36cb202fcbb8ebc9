// Neutral events as a converse-stream (the grammar stands in converse_stream_read.cpp).
//
// Converse has one block open at a time, neutral parts may interleave. A part that begins closes the text or the thoughts before it, which go
// on in a block of their own if they do go on. A tool call cannot be taken up again: what comes while one is open waits until it is
// whole, at most 8 MiB of it.
#include "providers/bedrock/converse.hpp"

#include "providers/bedrock/error.hpp"
#include "providers/bedrock/event_stream.hpp"

#include <algorithm>
#include <charconv>
#include <deque>

namespace switchyard::providers::converse {

using neutral::event;
using neutral::event_kind;
using neutral::json_text;
using neutral::part;
using neutral::part_kind;

namespace {

constexpr std::size_t most_waiting = 8u << 20;   // bytes

/// What waits of a part: its own members and its deltas run together.
struct waiting_part {
  std::uint32_t index = 0;
  part_kind kind = part_kind::text;
  std::string id, name, media_type, data;   ///< JSON values
  std::string text;                         ///< the inside of a JSON string
  std::string signature, citations;         ///< JSON values
  bool ended = false;
};

class converse_writer final : public stream_writer {
 public:
  void write(const event& what, std::string& out) override {
    if (dead_ || what.choice != 0) return;   // Converse has one choice
    switch (what.kind) {
      case event_kind::start:
        merge(what.usage);
        begin_message(out);
        break;
      case event_kind::part_begin: begin_part(what, out); break;
      case event_kind::delta: take_delta(what, out); break;
      case event_kind::part_end: end_part(what.index, out); break;
      case event_kind::finish: finish(what.finish, out); break;
      case event_kind::counts: merge(what.usage); break;
      case event_kind::end:
        if (!stopped_) finish(what.finish, out);
        end_stream(out);
        break;
    }
  }

  void fail(const error& what, std::string& out) override {
    if (std::exchange(dead_, true)) return;
    append_bedrock_exception(out, what);
  }

 private:
  [[nodiscard]] static bool is_shown(part_kind kind) noexcept {
    return kind == part_kind::text || kind == part_kind::refusal || kind == part_kind::reasoning || kind == part_kind::redacted_reasoning ||
           kind == part_kind::tool_call || kind == part_kind::image;
  }
  [[nodiscard]] static bool may_go_on(part_kind kind) noexcept {
    return kind == part_kind::text || kind == part_kind::refusal || kind == part_kind::reasoning;
  }

  void merge(const neutral::token_counts& more) noexcept {
    const auto take = [](auto& into, const auto& from) {
      if (from) into = from;
    };
    take(usage_.input, more.input);
    take(usage_.output, more.output);
    take(usage_.cached_input, more.cached_input);
    take(usage_.cache_write, more.cache_write);
  }

  // ---- frames ----

  void begin_message(std::string& out) {
    if (std::exchange(started_, true)) return;
    frame_writer frame(out, "event", "messageStart");
    out += R"({"role":"assistant"})";
    frame.end();
  }

  void put_index(std::string& out) const {
    char digits[12];
    out += R"({"contentBlockIndex":)";
    out.append(digits, std::to_chars(digits, digits + sizeof digits, block_).ptr);
  }

  void put_start(std::string_view kind, std::string_view members, std::string& out) const {
    frame_writer frame(out, "event", "contentBlockStart");
    put_index(out);
    (((out += R"(,"start":{")") += kind) += R"(":{)") += members;
    out += "}}}";
    frame.end();
  }

  /// before + value + after: the delta's object.
  void put_delta(std::string_view before, json_text value, std::string_view after, std::string& out) const {
    frame_writer frame(out, "event", "contentBlockDelta");
    put_index(out);
    (((out += R"(,"delta":)") += before) += value) += after;
    out += '}';
    frame.end();
  }

  void put_text(json_text text, std::string& out) {
    switch (*open_kind_) {
      case part_kind::tool_call:
        put_delta(R"({"toolUse":{"input":)", text, "}}", out);
        has_input_ = true;
        break;
      case part_kind::reasoning: put_delta(R"({"reasoningContent":{"text":)", text, "}}", out); break;
      case part_kind::redacted_reasoning:
      case part_kind::image: break;   // come whole
      default: put_delta(R"({"text":)", text, "}", out); break;
    }
  }

  void put_citations(json_text list, std::string& out) {
    if (*open_kind_ != part_kind::text) return;
    json::elements walk(list);
    for (std::string_view citation; walk.next(citation);) {
      std::string mapped;
      json::out one(mapped);
      write_citation(one, citation);
      put_delta(R"({"citation":)", mapped, "}", out);
    }
  }

  // ---- blocks ----

  /// Opens a block for a part of which `id`, `name`, `media_type` and `data` are known.
  void open_block(std::uint32_t index, part_kind kind, const part& what, std::string& out) {
    begin_message(out);
    open_kind_ = kind;
    open_index_ = index;
    has_input_ = false;
    if (kind == part_kind::tool_call) {
      calls_ = true;
      std::string members;
      json::out one(members);
      one.key("toolUseId");
      write_tool_id(one, what.id);
      one.raw("name", json::or_empty(what.name));
      put_start("toolUse", members, out);
    } else if (kind == part_kind::redacted_reasoning) {
      neutral::arena texts;
      put_delta(R"({"reasoningContent":{"redactedContent":)", wrapped_blob(what.data, texts), "}}", out);
    } else if (kind == part_kind::image) {
      const auto format = format_of(media::image, json::inside(what.media_type));
      put_start("image", R"("format":")" + std::string(format.empty() ? "png" : format) + "\"", out);
      put_delta(R"({"image":{"source":{"bytes":)", what.data, "}}}", out);
    }
  }

  void close_block(std::string& out) {
    if (!open_kind_) return;
    if (*open_kind_ == part_kind::tool_call && !has_input_) put_text(R"("{}")", out);
    frame_writer frame(out, "event", "contentBlockStop");
    put_index(out);
    out += '}';
    frame.end();
    open_kind_.reset();
    ++block_;
  }

  [[nodiscard]] bool must_wait() const noexcept { return open_kind_ == part_kind::tool_call; }

  void begin_part(const event& what, std::string& out) {
    if (kinds_.size() <= what.index) kinds_.resize(what.index + std::size_t{1}, part_kind::foreign);
    kinds_[what.index] = what.part.kind;
    if (!is_shown(what.part.kind)) return;
    if ((what.part.kind == part_kind::redacted_reasoning || what.part.kind == part_kind::image) && what.part.data.empty()) {
      kinds_[what.index] = part_kind::foreign;
      return;
    }
    if (must_wait()) {
      auto& later = wait(what.index);
      later.id = what.part.id, later.name = what.part.name, later.media_type = what.part.media_type, later.data = what.part.data;
      return note_waiting(what.part.id.size() + what.part.name.size() + what.part.data.size(), out);
    }
    close_block(out);
    // Text and thoughts open with their first delta: an empty block says nothing, and blank ones are refused when they come back.
    if (!may_go_on(what.part.kind)) open_block(what.index, what.part.kind, what.part, out);
  }

  void take_delta(const event& what, std::string& out) {
    if (what.index >= kinds_.size() || !is_shown(kinds_[what.index])) return;
    const auto kind = kinds_[what.index];
    const bool here = open_kind_ && open_index_ == what.index;
    if (!here && must_wait()) {
      auto& later = wait(what.index);
      later.text += json::inside(what.text);
      if (!what.signature.empty()) later.signature = what.signature;
      if (!what.citations.empty()) later.citations = what.citations;
      return note_waiting(what.text.size(), out);
    }
    if (!json::has_text(what.text) && (what.signature.empty() || kind != part_kind::reasoning) && what.citations.empty()) return;
    if (!here) {
      if (!may_go_on(kind)) return;
      close_block(out);
      open_block(what.index, kind, {}, out);
    }
    if (json::has_text(what.text)) put_text(what.text, out);
    if (kind == part_kind::reasoning && json::has_text(what.signature))
      put_delta(R"({"reasoningContent":{"signature":)", what.signature, "}}", out);
    if (!what.citations.empty()) put_citations(what.citations, out);
  }

  void end_part(std::uint32_t index, std::string& out) {
    for (auto& later : waiting_)
      if (later.index == index) later.ended = true;
    if (!open_kind_ || open_index_ != index) return;
    close_block(out);
    write_waiting(out, false);
  }

  // ---- what waits ----

  [[nodiscard]] waiting_part& wait(std::uint32_t index) {
    for (auto& later : waiting_)
      if (later.index == index) return later;
    auto& later = waiting_.emplace_back();
    later.index = index;
    later.kind = kinds_[index];
    return later;
  }

  void note_waiting(std::size_t bytes, std::string& out) {
    waiting_bytes_ += bytes;
    if (waiting_bytes_ > most_waiting)
      fail(upstream_failure(error_code::upstream_error, "the provider interleaves more than 8 MiB, which this format cannot say"), out);
  }

  /// Up to the first tool call that is not whole, which is open then; or everything.
  void write_waiting(std::string& out, bool everything) {
    while (!waiting_.empty() && !must_wait()) {
      const auto later = std::move(waiting_.front());
      waiting_.pop_front();
      const bool says_something = !later.text.empty() || !later.signature.empty() || !later.citations.empty();
      if (!may_go_on(later.kind) || says_something) {
        close_block(out);
        open_block(later.index, later.kind, {.media_type = later.media_type, .data = later.data, .name = later.name, .id = later.id}, out);
        if (!later.text.empty()) put_text("\"" + later.text + "\"", out);
        if (later.kind == part_kind::reasoning && !later.signature.empty())
          put_delta(R"({"reasoningContent":{"signature":)", later.signature, "}}", out);
        if (!later.citations.empty()) put_citations(later.citations, out);
      }
      if (later.ended || everything) close_block(out);
    }
    if (waiting_.empty()) waiting_bytes_ = 0;
  }

  // ---- the end ----

  void finish(neutral::finish_reason reason, std::string& out) {
    if (std::exchange(stopped_, true)) return;
    begin_message(out);
    close_block(out);
    write_waiting(out, true);
    if (calls_ && (reason == neutral::finish_reason::stop || reason == neutral::finish_reason::none)) reason = neutral::finish_reason::tool_calls;
    frame_writer frame(out, "event", "messageStop");
    ((out += R"({"stopReason":")") += stop_reason_of(reason)) += "\"}";
    frame.end();
  }

  void end_stream(std::string& out) {
    dead_ = true;
    frame_writer frame(out, "event", "metadata");
    out += R"({"usage":)";
    json::out one(out);
    write_usage(one, usage_);
    out += R"(,"metrics":{"latencyMs":0}})";   // clients insist on it; nobody measured it for them
    frame.end();
  }

  std::vector<part_kind> kinds_;           // by part index
  std::deque<waiting_part> waiting_;       // in the order of their beginnings
  std::size_t waiting_bytes_ = 0;
  neutral::token_counts usage_;
  std::optional<part_kind> open_kind_;
  std::uint32_t open_index_ = 0;
  std::uint32_t block_ = 0;                // the open block's index, or the next one's
  bool has_input_ = false;                 // of the open tool call
  bool started_ = false, stopped_ = false, calls_ = false, dead_ = false;
};

}  // namespace

std::unique_ptr<stream_writer> open_writer() { return std::make_unique<converse_writer>(); }

}  // namespace switchyard::providers::converse

// A client's stream from neutral events.
//
// Anthropic's blocks come one after the other, neutral parts may interleave. Text and thoughts can be cut: when another part begins, their
// block ends, and what still comes opens a new one. A tool call ends when its part does, or when its arguments are whole and another part
// has begun; parts that begin before that wait in their order, each as the bytes of its events (8 MiB in all, then the stream fails).
// message_delta waits for `end`, for OpenAI's usage comes after its finish.
#include "providers/anthropic/blocks.hpp"
#include "providers/anthropic/counts.hpp"
#include "providers/anthropic/messages.hpp"
#include "providers/anthropic/whole_object.hpp"
#include "providers/registry.hpp"

#include <deque>
#include <utility>

namespace switchyard::providers::anthropic {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::part_kind;

constexpr std::size_t most_waiting = 8u << 20;   // bytes
constexpr std::uint32_t nobody = UINT32_MAX;

class writer final : public stream_writer {
 public:
  explicit writer(const answer_context& context) : request_id_(context.request_id), model_(context.model) {}

  void write(const event& what, std::string& out) override {
    if (over_ || what.choice != 0) return;
    if (what.kind == event_kind::start) return start(what, out);
    if (!started_) start({}, out);
    switch (what.kind) {
      case event_kind::part_begin: return begin(what.index, what.part, out);
      case event_kind::delta: return more(what, out);
      case event_kind::part_end: return end_part(what.index, out);
      case event_kind::finish:
        finish_ = what.finish;
        stop_sequence_ = what.stop_sequence;
        return;
      case event_kind::counts:
        add(what.usage);
        return;
      case event_kind::end: return end(out);
      case event_kind::start: return;
    }
  }

  void fail(const error& what, std::string& out) override {
    over_ = true;
    out += anthropic_ingress().stream_error(api::messages, what);
  }

 private:
  /// The part whose block is open, or one that waits for its turn.
  struct block {
    std::uint32_t part = nobody;
    part_kind kind = part_kind::text;
    std::string waiting;       ///< bytes of its events; empty for the open one
    whole_object arguments;    ///< of a tool call
    bool ended = false;
  };

  void start(const event& what, std::string& out) {
    if (started_) return;
    started_ = true;
    usage_ = what.usage;
    auto o = open_event("message_start", out);
    o.key("message");
    o.begin_object();
    o.raw("id", message_id(what.id, request_id_));
    o.text("type", "message");
    o.text("role", "assistant");
    o.key("model");
    json::has_text(what.model) ? o.raw(what.model) : o.text(model_);
    o.raw("content", "[]");
    o.raw("stop_reason", "null");
    o.raw("stop_sequence", "null");
    o.key("usage");
    write_usage(o, what.usage, what.service_tier);
    o.end_object();
    close_event(o);
  }

  void begin(std::uint32_t index, const neutral::part& part, std::string& out) {
    if (!has_block(part)) return;
    if (part.kind == part_kind::tool_call) called_ = true;
    auto& opened = blocks_.emplace_back();
    opened.part = index;
    opened.kind = part.kind;
    advance(out);   // whatever stands before it may be ended now
    write_start(part, opened, out);
    if (json::has_text(part.text)) write_delta(opened, part.text, out);
    if (json::has_entries(part.arguments)) {
      std::string quoted;
      json::append_string(quoted, part.arguments);
      write_delta(opened, quoted, out);
    }
    if (part.kind == part_kind::reasoning && json::has_text(part.signature)) write_signature(opened, part.signature, out);
    check_size(out);
  }

  void more(const event& what, std::string& out) {
    auto* found = find(what.index);
    if (found == nullptr) {
      // Its block was ended for another's sake: it goes on in a new one.
      const auto kind = cut_kind(what.index);
      if (kind == part_kind::foreign) return;
      neutral::part again;
      again.kind = kind;
      begin(what.index, again, out);
      found = find(what.index);
    }
    if (json::has_text(what.text)) write_delta(*found, what.text, out);
    if (found->kind == part_kind::reasoning && json::has_text(what.signature)) write_signature(*found, what.signature, out);
    if (found->kind == part_kind::text && !what.citations.empty()) write_citations(*found, what.citations, out);
    check_size(out);
  }

  void end_part(std::uint32_t index, std::string& out) {
    auto* found = find(index);
    if (found == nullptr) return;
    found->ended = true;
    advance(out);
  }

  /// Ends open blocks as long as they are over, or can be ended because others wait.
  void advance(std::string& out) {
    while (!blocks_.empty()) {
      const auto& first = blocks_.front();
      const bool may_end = first.kind != part_kind::tool_call || first.arguments.complete();
      if (!first.ended && !(may_end && blocks_.size() > 1)) return;
      stop_first(out);
    }
  }

  /// Ends the open block; the next in line is written as far as it has come.
  void stop_first(std::string& out) {
    const auto& first = blocks_.front();
    write_stop(out);
    const bool can_go_on = first.kind == part_kind::text || first.kind == part_kind::refusal || first.kind == part_kind::reasoning;
    if (!first.ended && can_go_on && cut_kind(first.part) == part_kind::foreign) cut_.push_back({first.part, first.kind});
    blocks_.pop_front();
    ++index_;
    if (!blocks_.empty()) out += std::exchange(blocks_.front().waiting, {});
  }

  void end(std::string& out) {
    while (!blocks_.empty()) {
      blocks_.front().ended = true;
      stop_first(out);
    }
    over_ = true;
    auto o = open_event("message_delta", out);
    o.key("delta");
    o.begin_object();
    o.text("stop_reason", stop_reason_of(finish_, called_));
    o.raw("stop_sequence", stop_sequence_.empty() ? "null" : std::string_view(stop_sequence_));
    o.end_object();
    o.key("usage");
    write_usage(o, usage_);
    close_event(o);
    auto last = open_event("message_stop", out);
    close_event(last);
  }

  /// Later figures replace earlier ones.
  void add(const neutral::token_counts& counts) {
    const auto take = [](auto& into, const auto& from) {
      if (from) into = from;
    };
    take(usage_.input, counts.input);
    take(usage_.output, counts.output);
    take(usage_.cached_input, counts.cached_input);
    take(usage_.cache_write, counts.cache_write);
    take(usage_.reasoning, counts.reasoning);
  }

  [[nodiscard]] block* find(std::uint32_t part) noexcept {
    for (auto& b : blocks_)
      if (b.part == part && !b.ended) return &b;
    return nullptr;
  }

  [[nodiscard]] part_kind cut_kind(std::uint32_t part) const noexcept {
    for (const auto& c : cut_)
      if (c.part == part) return c.kind;
    return part_kind::foreign;
  }

  /// Where a block's events go: straight out, or to its side until its turn comes.
  [[nodiscard]] std::string& place(block& of, std::string& out) noexcept { return &of == &blocks_.front() ? out : of.waiting; }

  /// Known as soon as it begins: blocks open in the order in which they began.
  [[nodiscard]] std::int64_t index_of(const block& of) const noexcept {
    std::int64_t at = index_;
    for (const auto& b : blocks_) {
      if (&b == &of) break;
      ++at;
    }
    return at;
  }

  void check_size(std::string& out) {
    if (blocks_.size() < 2) return;
    std::size_t waiting = 0;
    for (const auto& b : blocks_) waiting += b.waiting.size();
    if (waiting > most_waiting) fail(upstream_failure(error_code::upstream_error, "the provider interleaved more than this format can hold"), out);
  }

  // Events

  [[nodiscard]] static json::out open_event(std::string_view type, std::string& out) {
    out.append("event: ").append(type).append("\ndata: ");
    json::out o(out);
    o.begin_object();
    o.text("type", type);
    return o;
  }
  static void close_event(json::out& o) {
    o.end_object();
    o.str() += "\n\n";
  }

  void write_start(const neutral::part& part, block& of, std::string& out) {
    auto o = open_event("content_block_start", place(of, out));
    o.number("index", index_of(of));
    o.key("content_block");
    switch (part.kind) {
      case part_kind::reasoning: o.raw(R"({"type":"thinking","thinking":"","signature":""})"); break;
      case part_kind::text:
      case part_kind::refusal: o.raw(R"({"type":"text","text":""})"); break;
      case part_kind::tool_call:
        o.begin_object();
        o.text("type", "tool_use");
        o.key("id");
        write_tool_id(part.id, o);
        o.raw("name", json::or_empty(part.name));
        o.raw("input", "{}");
        o.end_object();
        break;
      default: write_block(part, {}, o); break;
    }
    close_event(o);
  }

  void write_delta(block& of, std::string_view text, std::string& out) {
    auto o = open_delta(of, out);
    if (of.kind == part_kind::tool_call) {
      o.text("type", "input_json_delta");
      o.raw("partial_json", text);
      of.arguments.feed(json::inside(text));
    } else if (of.kind == part_kind::reasoning) {
      o.text("type", "thinking_delta");
      o.raw("thinking", text);
    } else {
      o.text("type", "text_delta");
      o.raw("text", text);
    }
    close_delta(o);
  }

  void write_signature(block& of, std::string_view signature, std::string& out) {
    auto o = open_delta(of, out);
    o.text("type", "signature_delta");
    o.raw("signature", signature);
    close_delta(o);
  }

  void write_citations(block& of, std::string_view citations, std::string& out) {
    std::string& to = place(of, out);
    json::elements walk(citations);
    for (std::string_view citation; walk.next(citation);) {
      const auto mark = to.size();
      auto o = open_delta(of, out);
      o.text("type", "citations_delta");
      o.key("citation");
      if (write_citation(citation, o)) close_delta(o);
      else to.resize(mark);
    }
  }

  [[nodiscard]] json::out open_delta(block& of, std::string& out) {
    auto o = open_event("content_block_delta", place(of, out));
    o.number("index", index_of(of));
    o.key("delta");
    o.begin_object();
    return o;
  }
  static void close_delta(json::out& o) {
    o.end_object();
    close_event(o);
  }

  void write_stop(std::string& out) const {
    auto o = open_event("content_block_stop", out);
    o.number("index", index_);
    close_event(o);
  }

  struct cut {
    std::uint32_t part;
    part_kind kind;
  };

  std::string request_id_, model_;
  std::deque<block> blocks_;           // the open one, then those that wait
  std::vector<cut> cut_;               // parts whose block was ended for another's sake
  std::int64_t index_ = 0;             // of the open block
  neutral::token_counts usage_;
  neutral::finish_reason finish_ = neutral::finish_reason::none;
  std::string stop_sequence_;
  bool started_ = false;
  bool called_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<stream_writer> open_message_writer(const answer_context& context) { return std::make_unique<writer>(context); }

}  // namespace switchyard::providers::anthropic

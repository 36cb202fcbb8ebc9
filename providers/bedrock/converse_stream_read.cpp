// A converse-stream as neutral events. A block's index says which part it belongs to; text and reasoning begin with their first delta.
//
//   messageStart      {"role"}
//   contentBlockStart {"contentBlockIndex","start":{"toolUse":{"toolUseId","name"}}}
//   contentBlockDelta {"contentBlockIndex","delta":{"text":T} | {"toolUse":{"input":T}} | {"citation":C} |
//                      {"reasoningContent":{"text":T} | {"signature":S} | {"redactedContent":B}}}
//   contentBlockStop  {"contentBlockIndex"}
//   messageStop       {"stopReason"}
//   metadata          {"usage","metrics"}
//
// A delta that differs from the one before in its text alone is not read again (event_shape.hpp).
#include "providers/bedrock/converse.hpp"

#include "base/secret.hpp"
#include "providers/bedrock/error.hpp"
#include "providers/bedrock/event_stream.hpp"
#include "providers/event_shape.hpp"

namespace switchyard::providers::converse {

using neutral::event;
using neutral::event_kind;
using neutral::json_text;
using neutral::part_kind;

namespace {

class converse_reader final : public stream_reader {
 public:
  explicit converse_reader(std::string_view credential) : credential_(std::string(credential)) {}

  [[nodiscard]] std::optional<failure> feed(std::string_view bytes, std::vector<event>& out) override {
    if (ended_ || failed_) return std::nullopt;
    texts_.reset();
    splitter_.feed(bytes);
    for (event_frame frame; !ended_ && splitter_.next(frame);)
      if (auto problem = take(frame, out)) return failed(*std::move(problem));
    if (!splitter_.fault().empty()) return failed(bad_bedrock_stream(splitter_.fault()));
    return std::nullopt;
  }

  void close(std::vector<event>& out) override {
    if (stopped_ && !ended_ && !failed_ && !splitter_.is_inside_frame()) end(out);
  }

 private:
  [[nodiscard]] std::optional<failure> failed(failure what) {
    failed_ = true;
    return what;
  }

  [[nodiscard]] neutral::arena& texts() { return texts_ ? *texts_ : texts_.emplace(); }

  /// What an event says, whichever it is.
  struct payload {
    json_text delta, start, stop_reason, usage, service_tier;
    std::int64_t index = 0;
  };

  [[nodiscard]] std::optional<failure> take(const event_frame& frame, std::vector<event>& out) {
    if (!frame.is_event() && !frame.message_type.empty()) return judge_bedrock_exception(frame, credential_.reveal());
    if (frame.payload.empty()) return std::nullopt;
    const bool is_delta = frame.event_type == "contentBlockDelta";
    if (event_shape::values seen; is_delta && shape_.matches(frame.payload, seen) && json::has_text(seen[0])) {   // more of what the last one said
      auto& more = out.emplace_back();   // in place: an event is half a kilobyte
      more.index = next_index_ - 1;
      more.text = seen[0];
      return std::nullopt;
    }
    shape_.forget();
    const auto before = out.size();
    auto problem = read(frame, out);
    if (!problem && is_delta && out.size() == before + 1 && out.back().kind == event_kind::delta && out.back().signature.empty() && out.back().citations.empty())
      shape_.remember(frame.payload, {out.back().text, json::find(frame.payload, "p")});   // p fills it up to some length
    return problem;
  }

  [[nodiscard]] std::optional<failure> read(const event_frame& frame, std::vector<event>& out) {
    payload say;
    json::members walk(frame.payload);
    for (json::member m; walk.next(m);) {
      if (m.name == "contentBlockIndex")
        say.index = json::as_count(m.value).value_or(0);
      else if (m.name == "delta")
        say.delta = m.value;
      else if (m.name == "start")
        say.start = m.value;
      else if (m.name == "stopReason")
        say.stop_reason = m.value;
      else if (m.name == "usage")
        say.usage = m.value;
      else if (m.name == "serviceTier")
        say.service_tier = json::find(m.value, "type");
    }
    if (!walk.ok()) return bad_bedrock_stream("an event is not a JSON object");
    if (frame.event_type == "messageStart") {
      start(out);
    } else if (frame.event_type == "contentBlockStart") {
      begin_block(say, out);
    } else if (frame.event_type == "contentBlockDelta") {
      read_delta(say, out);
    } else if (frame.event_type == "contentBlockStop") {
      end_part(out);
    } else if (frame.event_type == "messageStop") {
      start(out);
      end_part(out);
      stopped_ = true;
      out.push_back({.kind = event_kind::finish, .finish = finish_of(say.stop_reason)});
    } else if (frame.event_type == "metadata") {
      event counts{.kind = event_kind::counts};
      read_usage(say.usage, counts.usage);
      counts.service_tier = say.service_tier;
      out.push_back(std::move(counts));
      if (stopped_) end(out);
    }
    return std::nullopt;
  }

  void start(std::vector<event>& out) {
    if (!std::exchange(started_, true)) out.push_back({.kind = event_kind::start});
  }

  void end(std::vector<event>& out) {
    ended_ = true;
    out.push_back({.kind = event_kind::end});
  }

  void begin_part(neutral::part what, std::int64_t block, std::vector<event>& out) {
    start(out);
    end_part(out);
    open_ = what.kind;
    block_ = block;
    out.push_back({.kind = event_kind::part_begin, .index = next_index_++, .part = std::move(what)});
  }

  void end_part(std::vector<event>& out) {
    if (!open_) return;
    open_.reset();
    out.push_back({.kind = event_kind::part_end, .index = next_index_ - 1});
  }

  /// Makes sure that a part of that kind is open for the block.
  void want(part_kind kind, std::int64_t block, std::vector<event>& out) {
    if (open_ != kind || block_ != block) begin_part({.kind = kind}, block, out);
  }

  void begin_block(const payload& say, std::vector<event>& out) {
    const auto call = json::find(say.start, "toolUse");
    if (json::is_object(call) && !json::is_text(json::find(call, "type"), "server_tool_use")) {
      begin_part({.kind = part_kind::tool_call, .name = json::find(call, "name"), .id = json::find(call, "toolUseId")}, say.index, out);
    } else if (json::has_entries(say.start) && json::find(say.start, "image").empty()) {
      // A call that Bedrock itself makes, or its result: the deltas that follow belong to it and are passed over.
      begin_part({.kind = part_kind::foreign, .name = "\"messages.toolUse\"", .original = say.start}, say.index, out);
    }
  }

  void read_delta(const payload& say, std::vector<event>& out) {
    if (open_ == part_kind::foreign && block_ == say.index) return;
    json::members walk(say.delta);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "text") {
        if (!json::has_text(m.value)) continue;   // some begin with an empty one
        want(part_kind::text, say.index, out);
        add({.text = m.value}, out);
      } else if (m.name == "toolUse") {
        const auto input = json::find(m.value, "input");
        if (open_ == part_kind::tool_call && json::has_text(input)) add({.text = input}, out);
      } else if (m.name == "citation") {
        want(part_kind::text, say.index, out);
        add({.citations = texts().keep("[" + std::string(m.value) + "]")}, out);
      } else if (m.name == "reasoningContent") {
        read_reasoning(m.value, say.index, out);
      } else if (m.name == "image" && json::is_string(json::find(json::find(m.value, "source"), "bytes"))) {
        begin_part({.kind = part_kind::image, .media_type = "\"image/png\"", .data = json::find(json::find(m.value, "source"), "bytes")}, say.index, out);
      }
    }
  }

  void read_reasoning(json_text value, std::int64_t block, std::vector<event>& out) {
    json::members walk(value);
    for (json::member m; walk.next(m);) {
      if (!json::has_text(m.value)) continue;
      if (m.name == "redactedContent") {
        begin_part({.kind = part_kind::redacted_reasoning, .data = unwrapped_blob(m.value, texts())}, block, out);
      } else if (m.name == "text") {
        want(part_kind::reasoning, block, out);
        add({.text = m.value}, out);
      } else if (m.name == "signature") {
        want(part_kind::reasoning, block, out);
        add({.signature = m.value}, out);
      }
    }
  }

  void add(event what, std::vector<event>& out) {
    what.kind = event_kind::delta;
    what.index = next_index_ - 1;
    out.push_back(std::move(what));
  }

  secret credential_;
  frame_splitter splitter_;
  std::optional<neutral::arena> texts_;    // of the events of one feed: most need none
  event_shape shape_;                      // of the last payload, if it was a delta of text alone
  std::optional<part_kind> open_;          // blocks come one after the other
  std::int64_t block_ = 0;                 // its index in Bedrock's count
  std::uint32_t next_index_ = 0;
  bool started_ = false, stopped_ = false, ended_ = false, failed_ = false;
};

}  // namespace

std::unique_ptr<stream_reader> open_reader(std::string_view credential) { return std::make_unique<converse_reader>(credential); }

}  // namespace switchyard::providers::converse

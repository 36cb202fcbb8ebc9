// Reads a provider's responses stream into neutral events.
//
//   [event: T]  data: {"type":T, "output_index", "content_index"? | "summary_index"?, "delta"? | "item"? | "response"?, …}
//
// A part is named by its item's output_index and, in messages, its content_index; deltas of parts that nobody announced, and texts that
// only come when they are done, are taken as well: compatible servers leave out much. Of long events what repeats the deltas is not held.
#include "providers/event_shape.hpp"
#include "providers/openai/error.hpp"
#include "providers/openai/responses.hpp"
#include "providers/openai/responses_repeats.hpp"
#include "providers/sse_splitter.hpp"

#include "base/secret.hpp"

#include <algorithm>

namespace switchyard::providers::responses {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::part;
using neutral::part_kind;

/// The members of an event that any of them may have.
struct fields_of_event {
  std::string_view type;
  json_text response, item, delta, text, part, error, logprobs, annotation, arguments, input, refusal;
  std::int64_t output_index = 0, content_index = 0, summary_index = 0;
};

class response_stream_reader final : public stream_reader, private repeating_events {
 public:
  explicit response_stream_reader(std::string_view credential) : credential_(std::string(credential)) {
    splitter_.digest_long_events(*this, sse_splitter::long_bytes::dropped);
  }

  std::optional<failure> feed(std::string_view bytes, std::vector<event>& out) override {
    if (texts_used_) texts_ = std::make_unique<neutral::arena>();
    texts_used_ = false;
    if (done_) return {};
    splitter_.feed(bytes);
    for (sse_piece piece; !done_ && splitter_.next(piece);) {
      if (piece.completes_last) continue;
      if (event_shape::values seen; shape_.matches(piece.bytes, seen) && json::has_text(seen[0])) {   // more of what the last one said
        event& made = out.emplace_back();
        made.kind = event_kind::delta;
        made.index = shape_index_;
        made.text = seen[0];
        continue;
      }
      shape_.forget();
      const auto before = out.size();
      const auto fields = read_sse_fields(piece.bytes, joined_);
      if (!fields.has_data || fields.data.starts_with("[DONE]")) continue;
      if (fields.data.empty() && fields.event != "error") continue;
      std::string_view data = fields.data;
      if (data.data() == joined_.data()) data = texts().keep(std::move(joined_)), joined_ = {};
      if (auto problem = take(fields.event, data, out)) {
        done_ = true;
        return problem;
      }
      if (out.size() == before + 1) remember(piece.bytes, data, out.back());
    }
    if (!done_ && splitter_.overlong()) {
      done_ = true;
      return bad_response("the provider sent an event of more than 8 MiB");
    }
    return {};
  }

  void close(std::vector<event>&) override {}   // without response.completed it did not end well

 private:
  /// What lasts until the next feed() beyond the bytes fed.
  [[nodiscard]] neutral::arena& texts() {
    texts_used_ = true;
    return *texts_;
  }

  /// What numbers the events and fills them up may differ like the text.
  void remember(std::string_view bytes, std::string_view data, const event& only) {
    if (!json::inside(json::find(data, "type")).ends_with(".delta") || only.kind != event_kind::delta || only.text.empty() || !only.logprobs.empty() || !only.citations.empty() || !only.signature.empty()) return;
    shape_index_ = only.index;
    shape_.remember(bytes, {only.text, json::find(data, "sequence_number"), json::find(data, "obfuscation")});
  }

  [[nodiscard]] static bool read(std::string_view data, fields_of_event& out) noexcept {
    json::members walk(data);
    for (json::member m; walk.next(m);) {
      if (m.name == "type") out.type = json::is_string(m.value) ? json::inside(m.value) : out.type;
      else if (m.name == "delta") out.delta = m.value;
      else if (m.name == "output_index") out.output_index = json::as_count(m.value).value_or(0);
      else if (m.name == "content_index") out.content_index = json::as_count(m.value).value_or(0);
      else if (m.name == "summary_index") out.summary_index = json::as_count(m.value).value_or(0);
      else if (m.name == "response") out.response = m.value;
      else if (m.name == "item") out.item = m.value;
      else if (m.name == "text") out.text = m.value;
      else if (m.name == "part") out.part = m.value;
      else if (m.name == "error" && (json::has_entries(m.value) || json::has_text(m.value))) out.error = m.value;
      else if (m.name == "logprobs" && json::has_entries(m.value)) out.logprobs = m.value;
      else if (m.name == "annotation") out.annotation = m.value;
      else if (m.name == "arguments") out.arguments = m.value;
      else if (m.name == "input") out.input = m.value;
      else if (m.name == "refusal") out.refusal = m.value;
    }
    return walk.ok();
  }

  [[nodiscard]] std::optional<failure> take(std::string_view name, std::string_view data, std::vector<event>& out) {
    fields_of_event e;
    e.type = name;
    const bool whole = read(data, e);
    if (name == "error" || e.type == "error" || !e.error.empty()) {
      // Some put the error into an ordinary event: only the error itself is judged.
      const auto body = e.error.empty() ? std::string(data) : "{\"error\":" + std::string(e.error) + "}";
      return judge_error(0, body, {}, wall_time{}, credential_.reveal());
    }
    if (!whole) return bad_response("the provider sent an event that is not a JSON object");
    const auto type = e.type.starts_with("response.") ? e.type.substr(9) : std::string_view{};
    if (type == "failed") {
      const auto reason = json::find(e.response, "error");
      constexpr json_text unsaid = R"({"message":"the provider reports that the response failed"})";
      const auto body = "{\"error\":" + std::string(json::has_entries(reason) ? reason : unsaid) + "}";
      return judge_error(0, body, {}, wall_time{}, credential_.reveal());
    }
    if (type == "output_text.delta") more(e, part_kind::text, e.content_index, e.delta, out);
    else if (type == "function_call_arguments.delta") more(e, part_kind::tool_call, 0, e.delta, out);
    else if (type == "reasoning_summary_text.delta") think(e, summaries, e.summary_index, e.delta, out);
    else if (type == "reasoning_text.delta") think(e, thoughts, e.content_index, e.delta, out);
    else if (type == "refusal.delta") more(e, part_kind::refusal, e.content_index, e.delta, out);
    else if (type == "custom_tool_call_input.delta") more_input(e, e.delta, out);
    else if (type == "output_text.done") rest(e, part_kind::text, e.content_index, e.text, out);
    else if (type == "refusal.done") rest(e, part_kind::refusal, e.content_index, e.refusal, out);
    else if (type == "function_call_arguments.done") rest(e, part_kind::tool_call, 0, e.arguments, out);
    else if (type == "output_text.annotation.added") cite(e, out);
    else if (type == "output_item.added") begin_item(e, out);
    else if (type == "output_item.done") end_item(e, out);
    else if (type == "content_part.done") end_parts(e.output_index, e.content_index, out);
    else if (type == "created" || type == "in_progress" || type == "queued") start(e.response, out);
    else if (type == "completed" || type == "incomplete") complete(e.response, out);
    return {};
  }

  /// What take() would make nothing of.
  [[nodiscard]] bool only_repeats(const event_place& where, std::string_view name) const override {
    const std::string_view type = where.type;
    if (type == "completed" || type == "incomplete") return name == "output" ? next_index_ != 0 : name == "instructions" || name == "tools";
    if (type == "created" || type == "in_progress" || type == "queued" || type == "output_item.added") return true;
    if (!type.ends_with(".done")) return false;
    const bool is_text = type == "output_text.done" || type == "refusal.done", is_call = type == "function_call_arguments.done";
    if (!is_text && !is_call && type != "output_item.done") return true;
    if (!where.output_index || (is_text && !where.content_index)) return false;
    if (is_text || is_call) {
      const auto content_index = is_text ? *where.content_index : 0;
      return std::any_of(open_.begin(), open_.end(), [&](const open_part& p) {
        return p.output_index == *where.output_index && p.content_index == content_index && p.fed;
      });
    }
    const auto first = std::find_if(open_.begin(), open_.end(), [&](const open_part& p) { return p.output_index == *where.output_index; });
    return first == open_.end() ? was_seen(*where.output_index) : first->fed || first->kind != part_kind::tool_call;
  }

  // ---- parts

  static constexpr std::int64_t summaries = -1, thoughts = -2;   // in place of a content_index

  struct open_part {
    std::int64_t output_index = 0;
    std::int64_t content_index = 0;
    std::uint32_t index = 0;
    part_kind kind = part_kind::text;
    std::int64_t sub = 0;      // the summary's or thought's own index
    bool fed = false;
    bool is_custom = false;    // its arguments are {"input": what comes}
  };

  [[nodiscard]] open_part* find(std::int64_t output_index, std::int64_t content_index) noexcept {
    for (auto& each : open_)
      if (each.output_index == output_index && each.content_index == content_index) return &each;
    return nullptr;
  }

  open_part& begin(std::int64_t output_index, std::int64_t content_index, const part& what, std::vector<event>& out) {
    event& made = out.emplace_back();
    made.kind = event_kind::part_begin;
    made.index = next_index_;
    made.part = what;
    auto& added = open_.emplace_back();
    added.output_index = output_index;
    added.content_index = content_index;
    added.index = next_index_++;
    added.kind = what.kind;
    if (output_index >= 0 && !was_seen(output_index)) seen_.push_back(output_index);
    has_calls_ |= what.kind == part_kind::tool_call;
    has_refusal_ |= what.kind == part_kind::refusal;
    return added;
  }

  static event& delta(const open_part& of, json_text text, std::vector<event>& out) {
    event& made = out.emplace_back();
    made.kind = event_kind::delta;
    made.index = of.index;
    made.text = text;
    return made;
  }

  void more(const fields_of_event& e, part_kind kind, std::int64_t content_index, json_text text, std::vector<event>& out) {
    if (!json::is_string(text)) return;
    auto* at = find(e.output_index, content_index);
    if (at == nullptr) at = &begin(e.output_index, content_index, part{.kind = kind}, out);
    at->fed = true;
    event& made = delta(*at, text, out);
    if (!e.logprobs.empty()) made.logprobs = texts().keep("{\"content\":" + std::string(e.logprobs) + "}");
  }

  /// A text that is done: nothing to do unless none of it has come yet.
  void rest(const fields_of_event& e, part_kind kind, std::int64_t content_index, json_text text, std::vector<event>& out) {
    const auto* at = find(e.output_index, content_index);
    if ((at == nullptr || !at->fed) && json::has_text(text)) more(e, kind, content_index, text, out);
  }

  void think(const fields_of_event& e, std::int64_t which, std::int64_t sub, json_text text, std::vector<event>& out) {
    if (!json::is_string(text)) return;
    auto* at = find(e.output_index, which);
    if (at == nullptr) {
      at = &begin(e.output_index, which, part{.kind = part_kind::reasoning, .id = item_id(e.output_index)}, out);
      at->sub = sub;
    }
    if (at->sub != sub && at->fed) delta(*at, R"("\n\n")", out);
    at->sub = sub;
    at->fed = true;
    delta(*at, text, out);
  }

  void more_input(const fields_of_event& e, json_text text, std::vector<event>& out) {
    auto* at = find(e.output_index, 0);
    if (at == nullptr || !json::is_string(text)) return;
    std::string made = at->fed ? "\"" : R"("{\"input\":\")";
    append_escaped_again(made, json::inside(text));
    made += '"';
    at->fed = true;
    delta(*at, texts().keep(std::move(made)), out);
  }

  void cite(const fields_of_event& e, std::vector<event>& out) {
    auto* at = find(e.output_index, e.content_index);
    if (at == nullptr || !json::is_object(e.annotation)) return;
    delta(*at, {}, out).citations = texts().keep('[' + std::string(e.annotation) + ']');
  }

  void end(const open_part& what, std::vector<event>& out) {
    if (what.is_custom) delta(what, what.fed ? json_text(R"("\"}")") : json_text(R"("{\"input\":\"\"}")"), out);
    event& made = out.emplace_back();
    made.kind = event_kind::part_end;
    made.index = what.index;
  }

  void end_parts(std::int64_t output_index, std::optional<std::int64_t> content_index, std::vector<event>& out) {
    const auto is_meant = [&](const open_part& each) {
      return each.output_index == output_index && (!content_index || each.content_index == *content_index);
    };
    for (const auto& each : open_)
      if (is_meant(each)) end(each, out);
    open_.erase(std::remove_if(open_.begin(), open_.end(), is_meant), open_.end());
  }

  // ---- items

  void begin_item(const fields_of_event& e, std::vector<event>& out) {
    const auto type = json::inside(json::find(e.item, "type"));
    if (type == "reasoning") {
      reasoning_id_ = json::find(e.item, "id");
      reasoning_index_ = e.output_index;
      return;
    }
    const bool custom = type == "custom_tool_call";
    if (type != "function_call" && !custom) return;   // a message's parts announce themselves, other items come whole when done
    part call{.kind = part_kind::tool_call};
    call.id = json::find(e.item, "call_id");
    if (!json::is_string(call.id)) call.id = json::find(e.item, "id");
    call.name = flat_name(json::find(e.item, "namespace"), json::find(e.item, "name"), texts());
    begin(e.output_index, 0, call, out).is_custom = custom;
  }

  [[nodiscard]] json_text item_id(std::int64_t output_index) {
    return reasoning_index_ == output_index ? json_text(texts().keep(reasoning_id_)) : json_text{};
  }

  void end_item(const fields_of_event& e, std::vector<event>& out) {
    const auto type = json::inside(json::find(e.item, "type"));
    const bool is_known = std::any_of(open_.begin(), open_.end(), [&](const open_part& p) { return p.output_index == e.output_index; });
    if (is_known) {
      auto& first = *std::find_if(open_.begin(), open_.end(), [&](const open_part& p) { return p.output_index == e.output_index; });
      if (!first.fed && first.kind == part_kind::tool_call) {
        if (first.is_custom) more_input(e, json::find(e.item, "input"), out);
        else rest(e, part_kind::tool_call, 0, json::find(e.item, "arguments"), out);
      }
      if (first.kind == part_kind::reasoning) {
        if (const auto sealed = json::find(e.item, "encrypted_content"); json::has_text(sealed)) delta(first, {}, out).signature = sealed;
      }
    } else if (!was_seen(e.output_index)) {
      whole_item(e.item, type, out);
      seen_.push_back(e.output_index);
    }
    end_parts(e.output_index, {}, out);
  }

  [[nodiscard]] bool was_seen(std::int64_t output_index) const noexcept {
    return std::find(seen_.rbegin(), seen_.rend(), output_index) != seen_.rend();
  }

  /// An item of which nothing has come before: a hosted tool's, sealed reasoning, or everything, from servers that stream by items.
  void whole_item(json_text item, std::string_view type, std::vector<event>& out) {
    std::vector<part> parts;
    item_reader(texts(), false).read_output(item, type, parts);
    for (const auto& each : parts) whole_part(each, out);
  }

  void whole_part(const part& what, std::vector<event>& out) {
    part announced = what;
    announced.text = announced.arguments = announced.citations = {};
    if (what.kind == part_kind::reasoning) announced.signature = {};
    const open_part at = begin(-1, 0, announced, out);
    open_.pop_back();
    auto text = what.text;
    if (what.kind == part_kind::tool_call) text = json::is_string(what.arguments) ? what.arguments : texts().quote(what.arguments);
    if (what.kind != part_kind::foreign && (json::has_text(text) || !what.citations.empty() || !what.signature.empty())) {
      event& made = delta(at, text, out);
      made.citations = what.citations;
      if (what.kind == part_kind::reasoning) made.signature = what.signature;
    }
    end(at, out);
  }

  // ---- the response

  void start(json_text response, std::vector<event>& out) {
    if (started_) return;
    started_ = true;
    event& made = out.emplace_back();
    made.kind = event_kind::start;
    made.id = json::find(response, "id");
    made.model = json::find(response, "model");
    made.created = json::as_count(json::find(response, "created_at"));
  }

  void complete(json_text response, std::vector<event>& out) {
    start(response, out);
    for (const auto& each : open_) end(each, out);
    open_.clear();
    if (next_index_ == 0) {   // nothing was streamed: all of it is here
      json::elements list(json::find(response, "output"));
      for (std::string_view item; list.next(item);) whole_item(item, json::inside(json::find(item, "type")), out);
    }
    event& finish = out.emplace_back();
    finish.kind = event_kind::finish;
    finish.finish = read_finish(response, has_calls_, has_refusal_);
    event& counts = out.emplace_back();
    counts.kind = event_kind::counts;
    counts.usage = read_counts(json::find(response, "usage"));
    if (const auto tier = json::find(response, "service_tier"); json::is_string(tier)) counts.service_tier = tier;
    out.emplace_back().kind = event_kind::end;
    done_ = true;
  }

  secret credential_;
  sse_splitter splitter_;
  std::string joined_;
  std::unique_ptr<neutral::arena> texts_ = std::make_unique<neutral::arena>();
  event_shape shape_;                     // of the last event, if it was a delta of text alone
  std::uint32_t shape_index_ = 0;         // of the part it was about
  std::vector<open_part> open_;
  std::vector<std::int64_t> seen_;        // output_index of items of which something has come
  std::string reasoning_id_;
  std::int64_t reasoning_index_ = -1;
  std::uint32_t next_index_ = 0;
  bool has_calls_ = false;
  bool has_refusal_ = false;
  bool started_ = false;
  bool texts_used_ = false;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<stream_reader> open_reader(std::string_view credential) { return std::make_unique<response_stream_reader>(credential); }

}  // namespace switchyard::providers::responses

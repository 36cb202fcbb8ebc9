// Writes a client's responses stream, event by event.
//
//   response.created, response.in_progress
//   per item:  response.output_item.added, …its parts…, response.output_item.done
//     text:      response.content_part.added, .output_text.delta*, .output_text.annotation.added*, .output_text.done, .content_part.done
//     refusal:   response.content_part.added, .refusal.delta*, .refusal.done, .content_part.done
//     thoughts:  response.reasoning_summary_part.added, .reasoning_summary_text.delta*, .reasoning_summary_text.done, ….part.done
//     call:      response.function_call_arguments.delta*, .done      custom tools: response.custom_tool_call_input.delta*, .done
//   response.completed | response.incomplete          a failure: error, response.failed
//
// Texts that follow one another are parts of one message. The format repeats every text when it is done and all of them at the end, so
// the answer is held: once, packed, and unpacked a block at a time as it is said again.
#include "providers/openai/error.hpp"
#include "providers/openai/responses_body.hpp"
#include "providers/openai/responses_custom_input.hpp"

#include <charconv>

namespace switchyard::providers::responses {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::part;
using neutral::part_kind;

class response_stream_writer final : public stream_writer {
 public:
  explicit response_stream_writer(const answer_context& context) : body_(context) {}

  void lend_to(std::vector<lent_text>* lent) override {
    lent_ = lent;
    body_.lend_to(lent);
  }

  void write(const event& what, std::string& out) override {
    if (ended_ || what.choice != 0) return;   // a response has one choice
    if (!started_) start(what, out);
    if (!what.service_tier.empty()) body_.set_service_tier(what.service_tier);
    switch (what.kind) {
      case event_kind::start: merge(what.usage); break;
      case event_kind::part_begin: begin_part(what, out); break;
      case event_kind::delta: more(what, out); break;
      case event_kind::part_end: end_part(what.index, out); break;
      case event_kind::counts: merge(what.usage); break;
      case event_kind::finish: finish(what.finish, out); break;
      case event_kind::end: end(out); break;
    }
  }

  void fail(const error& what, std::string& out) override {
    if (ended_) return;
    if (!started_) start({}, out);
    ended_ = true;
    out += responses_error_event(what, sequence_++);
    begin("response.failed", out);
    write_response({.status = "failed", .usage = &usage_, .problem = &what}, out);
  }

 private:
  /// Opens an event; the caller goes on with `,"name":…` and close().
  void begin(std::string_view type, std::string& out) {
    out += "event: ";
    out += type;
    out += "\ndata: {\"type\":\"";
    out += type;
    out += "\",\"sequence_number\":";
    append_number(out, sequence_++);
  }
  static void close(std::string& out) { out += "}\n\n"; }
  static void append_number(std::string& out, std::int64_t value) {
    char digits[24];
    out.append(digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, value).ptr - digits));
  }
  static void member(std::string_view name, std::int64_t value, std::string& out) {
    out += ",\"";
    out += name;
    out += "\":";
    append_number(out, value);
  }
  /// ,"name":"inside"
  static void text_member(std::string_view name, std::string_view inside, std::string& out) {
    out += ",\"";
    out += name;
    out += "\":\"";
    out += inside;
    out += '"';
  }
  void text_member(std::string_view name, const packed_text& text, std::string& out) const {
    out += ",\"";
    out += name;
    out += "\":\"";
    text.put(out, lent_);
    out += '"';
  }
  /// An event about an item: type, its id and place.
  void begin(std::string_view type, std::size_t item, std::string& out) {
    begin(type, out);
    text_member("item_id", items()[item].id, out);
    member("output_index", static_cast<std::int64_t>(item), out);
  }
  void begin(std::string_view type, std::size_t item, std::string_view index_name, std::size_t index, std::string& out) {
    begin(type, item, out);
    member(index_name, static_cast<std::int64_t>(index), out);
  }

  [[nodiscard]] std::vector<output_item>& items() noexcept { return body_.items(); }

  void start(const event& what, std::string& out) {
    started_ = true;
    body_.start(what.id, what.model, what.created);
    for (const std::string_view type : {"response.created", "response.in_progress"}) {
      begin(type, out);
      write_response({}, out);
    }
  }

  void write_response(const response_body::state& now, std::string& out) {
    out += ",\"response\":";
    body_.write(now, out);
    close(out);
  }

  void write_item_event(std::string_view type, std::size_t item, std::string_view status, std::string& out) {
    begin(type, out);
    member("output_index", static_cast<std::int64_t>(item), out);
    out += ",\"item\":";
    body_.write_item(items()[item], status, out);
    close(out);
  }

  // ---- items

  void begin_part(const event& what, std::string& out) {
    const bool is_said = what.part.kind == part_kind::text || what.part.kind == part_kind::refusal;
    const bool joins = is_said && !items().empty() && items().back().form == item_form::message && !items().back().closed;
    if (!joins) {
      close_idle_items("completed", out);
      if (body_.add(what.part) == nullptr) return;
      write_item_event("response.output_item.added", items().size() - 1, "in_progress", out);
    }
    const auto at = items().size() - 1;
    if (items()[at].form == item_form::hosted || what.part.kind == part_kind::redacted_reasoning) return;
    auto& piece = items()[at].pieces.emplace_back();
    piece.kind = what.part.kind;
    piece.part = what.index;
    if (is_said) {
      begin("response.content_part.added", at, "content_index", items()[at].pieces.size() - 1, out);
      out += ",\"part\":";
      body_.write_piece(piece, true, out);
      close(out);
    }
    if (items()[at].shape == tool_shape::custom) inputs_.push_back({what.index, {}});
    event content;
    content.index = what.index;
    content.text = what.part.text;
    if (what.part.kind == part_kind::reasoning) content.signature = what.part.signature;
    content.citations = what.part.citations;
    if (what.part.kind == part_kind::tool_call && !what.part.arguments.empty()) {
      whole_arguments_.clear();
      if (json::is_string(what.part.arguments)) whole_arguments_ = what.part.arguments;
      else json::append_string(whole_arguments_, what.part.arguments);
      content.text = whole_arguments_;
    }
    more(content, out);
  }

  struct place {
    std::size_t item = 0, piece = 0;
    bool found = false;
  };
  [[nodiscard]] place find(std::uint32_t part) noexcept {
    for (std::size_t i = items().size(); i-- > 0;)
      for (std::size_t j = items()[i].pieces.size(); j-- > 0;)
        if (items()[i].pieces[j].part == part && items()[i].pieces[j].open) return {i, j, true};
    return {};
  }

  void more(const event& what, std::string& out) {
    const auto at = find(what.index);
    if (!at.found) return;
    auto& item = items()[at.item];
    if (!what.signature.empty()) {
      if (item.form == item_form::reasoning && item.sealed.empty()) item.sealed = signature_mark;
      item.sealed += json::inside(what.signature);
    }
    if (json::has_text(what.text)) {
      switch (item.form) {
        case item_form::message: say(what, at, out); break;
        case item_form::reasoning: think(json::inside(what.text), at, out); break;
        case item_form::call: call(what, at, out); break;
        case item_form::hosted: break;
      }
    }
    if (!what.citations.empty()) cite(what.citations, at, out);
  }

  void say(const event& what, const place& at, std::string& out) {
    auto& piece = items()[at.item].pieces[at.piece];
    const auto text = json::inside(what.text);
    piece.text.append(text);
    const bool refuses = piece.kind == part_kind::refusal;
    begin(refuses ? "response.refusal.delta" : "response.output_text.delta", at.item, "content_index", at.piece, out);
    text_member("delta", text, out);
    if (!refuses) {
      out += ",\"logprobs\":[";
      const auto before = out.size();
      append_entries(json::find(what.logprobs, "content"), out);
      if (out.size() != before) {
        if (!piece.logprobs.empty()) piece.logprobs += ',';
        piece.logprobs.append(out, before, std::string::npos);
      }
      out += ']';
    }
    close(out);
  }

  /// What stands between the brackets of a list.
  static void append_entries(json_text list, std::string& out) {
    if (json::has_entries(list) && json::is_array(list)) append_flat(out, list.substr(1, list.size() - 2));
  }

  void cite(json_text citations, const place& at, std::string& out) {
    if (items()[at.item].form != item_form::message) return;
    auto& piece = items()[at.item].pieces[at.piece];
    list_ = "";
    json::out list(list_);
    list.begin_array();
    write_annotations(list, citations);
    list.end_array();
    json::elements walk(list_);
    for (std::string_view one; walk.next(one);) {
      begin("response.output_text.annotation.added", at.item, "content_index", at.piece, out);
      member("annotation_index", piece.annotation_count++, out);
      out += ",\"annotation\":";
      out += one;
      close(out);
      if (!piece.annotations.empty()) piece.annotations += ',';
      piece.annotations += one;
    }
  }

  void think(std::string_view text, const place& at, std::string& out) {
    auto& piece = items()[at.item].pieces[at.piece];
    if (piece.text.empty()) {
      begin("response.reasoning_summary_part.added", at.item, "summary_index", 0, out);
      out += R"(,"part":{"type":"summary_text","text":""})";
      close(out);
    }
    piece.text.append(text);
    begin("response.reasoning_summary_text.delta", at.item, "summary_index", 0, out);
    text_member("delta", text, out);
    close(out);
  }

  void call(const event& what, const place& at, std::string& out) {
    auto& item = items()[at.item];
    std::string input;   // of custom tools: what the arguments say it is
    if (item.shape == tool_shape::custom) input_of(what.index).feed(what.text, input);
    const auto delta = item.shape == tool_shape::custom ? std::string_view(input) : json::inside(what.text);
    item.pieces[at.piece].text.append(delta);
    write_call_delta(at.item, delta, out);
  }

  /// Calls of shapes without text of their own (local_shell_call, …) come whole with their item.
  void write_call_delta(std::size_t at, std::string_view delta, std::string& out) {
    const auto shape = items()[at].shape;
    if (delta.empty() || (shape != tool_shape::function && shape != tool_shape::custom)) return;
    begin(shape == tool_shape::function ? "response.function_call_arguments.delta" : "response.custom_tool_call_input.delta", at, out);
    text_member("delta", delta, out);
    close(out);
  }

  [[nodiscard]] custom_input& input_of(std::uint32_t part) {
    for (auto& each : inputs_)
      if (each.part == part) return each.input;
    return inputs_.emplace_back(part_input{part, {}}).input;
  }

  void end_part(std::uint32_t part, std::string& out) {
    const auto at = find(part);
    if (!at.found) return;
    auto& item = items()[at.item];
    auto& piece = item.pieces[at.piece];
    switch (item.form) {
      case item_form::message: {
        const bool refuses = piece.kind == part_kind::refusal;
        begin(refuses ? "response.refusal.done" : "response.output_text.done", at.item, "content_index", at.piece, out);
        text_member(refuses ? "refusal" : "text", piece.text, out);
        if (!refuses) {
          out += ",\"logprobs\":[";
          out += piece.logprobs;
          out += ']';
        }
        close(out);
        begin("response.content_part.done", at.item, "content_index", at.piece, out);
        out += ",\"part\":";
        body_.write_piece(piece, false, out);
        close(out);
        break;
      }
      case item_form::reasoning:
        if (piece.text.empty()) break;
        begin("response.reasoning_summary_text.done", at.item, "summary_index", 0, out);
        text_member("text", piece.text, out);
        close(out);
        begin("response.reasoning_summary_part.done", at.item, "summary_index", 0, out);
        out += R"(,"part":{"type":"summary_text")";
        text_member("text", piece.text, out);
        out += '}';
        close(out);
        break;
      case item_form::call: {
        std::string rest;
        if (item.shape == tool_shape::custom) input_of(part).finish(rest);
        else if (piece.text.empty()) rest = "{}";
        piece.text.append(rest);
        write_call_delta(at.item, rest, out);
        const bool custom = item.shape == tool_shape::custom;
        if (!custom && item.shape != tool_shape::function) break;
        begin(custom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done", at.item, out);
        if (!custom) {
          out += ",\"name\":";
          out += json::or_empty(item.name);
        }
        text_member(custom ? "input" : "arguments", piece.text, out);
        close(out);
        break;
      }
      case item_form::hosted: break;
    }
    piece.open = false;
  }

  /// Items are done when nothing in them is open and the next one begins. `last_status` is for the last of them.
  void close_idle_items(std::string_view last_status, std::string& out) {
    const auto count = items().size();
    for (std::size_t i = first_open_; i < count; ++i) {
      if (items()[i].closed || !items()[i].idle()) continue;
      items()[i].closed = true;
      write_item_event("response.output_item.done", i, i + 1 == count ? last_status : std::string_view("completed"), out);
      if (items()[i].form == item_form::call && !items()[i].sealed.empty()) {
        body_.add_call_signature(i).closed = true;
        const auto added = items().size() - 1;
        write_item_event("response.output_item.added", added, "in_progress", out);
        write_item_event("response.output_item.done", added, "completed", out);
      }
    }
    while (first_open_ < items().size() && items()[first_open_].closed) ++first_open_;
  }

  void finish(neutral::finish_reason reason, std::string& out) {
    for (std::size_t i = first_open_; i < items().size(); ++i)
      for (std::size_t j = 0; j < items()[i].pieces.size(); ++j)
        if (items()[i].pieces[j].open) end_part(items()[i].pieces[j].part, out);
    state_ = body_.state_of(reason);
    close_idle_items(state_.last_item_cut ? "incomplete" : "completed", out);
  }

  void merge(const neutral::token_counts& now) {
    const auto take = [](std::optional<std::int64_t>& to, const std::optional<std::int64_t>& from) {
      if (from) to = from;
    };
    take(usage_.input, now.input);
    take(usage_.output, now.output);
    take(usage_.cached_input, now.cached_input);
    take(usage_.cache_write, now.cache_write);
    take(usage_.reasoning, now.reasoning);
  }

  void end(std::string& out) {
    if (state_.status == "in_progress") finish(neutral::finish_reason::none, out);
    ended_ = true;
    state_.usage = &usage_;
    begin(state_.status == "completed" ? "response.completed" : "response.incomplete", out);
    write_response(state_, out);
  }

  struct part_input {
    std::uint32_t part;
    custom_input input;
  };

  response_body body_;
  std::vector<part_input> inputs_;      // of custom tools' calls
  response_body::state state_;
  neutral::token_counts usage_;
  std::string list_, whole_arguments_;
  std::vector<lent_text>* lent_ = nullptr;
  std::int64_t sequence_ = 0;
  std::size_t first_open_ = 0;          // items before it are closed
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<stream_writer> open_writer(const answer_context& context) { return std::make_unique<response_stream_writer>(context); }

}  // namespace switchyard::providers::responses

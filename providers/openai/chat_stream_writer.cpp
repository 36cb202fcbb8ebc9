// Writing neutral events as a chat stream.
//
//   per choice:  {"delta":{"role":"assistant","content":""|null}}  deltas…  {"delta":{},"finish_reason":F}
//   then:        {"choices":[],"usage":{…}} when the client asked for it, "data: [DONE]"
//
// Thoughts go out as reasoning_content and, for their signatures' sake, as reasoning_details (see chat.hpp).
#include "providers/openai/chat.hpp"
#include "providers/registry.hpp"

namespace switchyard::providers::chat {

using neutral::event;
using neutral::event_kind;
using neutral::json_text;
using neutral::part_kind;

namespace {

struct part_state {
  part_kind kind = part_kind::text;
  std::uint32_t place = 0;       // a call's or a reasoning detail's index in the client's lists
  bool has_arguments = false;
};

struct choice_state {
  std::vector<part_state> parts;
  std::uint32_t calls = 0;
  std::uint32_t thoughts = 0;
  bool begun = false;
  bool finished = false;
};

class chat_stream_writer final : public stream_writer {
 public:
  explicit chat_stream_writer(const answer_context& context)
      : context_(context), request_id_(context.request_id), model_(context.model) {
    context_.request_id = request_id_;
    context_.model = model_;
    context_.asked = nullptr;
  }

  void write(const event& what, std::string& into) override {
    if (over_) return;
    switch (what.kind) {
      case event_kind::start: begin_stream(what); break;
      case event_kind::part_begin: begin_part(what, into); break;
      case event_kind::delta: write_delta(what, into); break;
      case event_kind::part_end: end_part(what, into); break;
      case event_kind::finish: finish(what, into); break;
      case event_kind::counts: counts_ = what.usage; break;
      case event_kind::end: end(into); break;
    }
  }

  void fail(const error& what, std::string& into) override {
    if (over_) return;
    over_ = true;
    into += openai_ingress().stream_error(api::chat_completions, what);
  }

 private:
  void begin_stream(const event& what) {
    auto out = begin_chunk(head_, "chatcmpl-", "chat.completion.chunk", what, context_);
    out.raw_if("service_tier", known_service_tier(what.service_tier));
    head_ += ",\"choices\":[";
    if (what.usage.input) counts_ = what.usage;
  }

  [[nodiscard]] const std::string& head() {
    if (head_.empty()) begin_stream(event{.kind = event_kind::start});   // a source that does not introduce itself
    return head_;
  }

  [[nodiscard]] choice_state& choice(std::uint32_t index) {
    if (choices_.size() <= index) choices_.resize(index + 1);
    return choices_[index];
  }
  [[nodiscard]] part_state& part(const event& what) {
    auto& parts = choice(what.choice).parts;
    if (parts.size() <= what.index) parts.resize(what.index + 1);
    return parts[what.index];
  }

  /// Everything up to the delta's content.
  void open_chunk(std::uint32_t index, std::string& into) {
    into += head();
    into += "{\"index\":";
    into += std::to_string(index);
    into += ",\"delta\":";
  }
  void close_chunk(json_text logprobs, std::string_view finish, std::string& into) const {
    into += ",\"logprobs\":";
    into += logprobs.empty() ? json_text("null") : logprobs;
    into += ",\"finish_reason\":";
    into += finish;
    into += "}]";
    if (context_.include_usage) into += ",\"usage\":null";
    into += "}\n\n";
  }

  /// The role goes first, alone.
  void begin_choice(std::uint32_t index, part_kind first, std::string& into) {
    auto& which = choice(index);
    if (which.begun) return;
    which.begun = true;
    open_chunk(index, into);
    into += first == part_kind::text ? R"({"role":"assistant","content":""})" : R"({"role":"assistant","content":null})";
    close_chunk({}, "null", into);
  }

  void begin_part(const event& what, std::string& into) {
    begin_choice(what.choice, what.part.kind, into);
    auto& state = part(what);
    state.kind = what.part.kind;
    last_text_ = no_part;
    switch (what.part.kind) {
      case part_kind::tool_call: begin_call(what, state, into); break;
      case part_kind::reasoning: state.place = choice(what.choice).thoughts++; break;
      case part_kind::redacted_reasoning: {
        state.place = choice(what.choice).thoughts++;
        open_chunk(what.choice, into);
        json::out out(into);
        out.begin_object(), out.key("reasoning_details"), out.begin_array();
        write_reasoning_detail(what.part, {}, {}, state.place, out);
        out.end_array(), out.end_object();
        close_chunk({}, "null", into);
        break;
      }
      case part_kind::image: write_image(what, into); break;
      default: break;
    }
    // Parts that come whole.
    if (what.part.kind != part_kind::image && (json::has_text(what.part.text) || (!what.part.signature.empty() && what.part.kind == part_kind::reasoning)))
      write_delta({.kind = event_kind::delta, .choice = what.choice, .index = what.index, .text = what.part.text, .signature = what.part.signature,
                   .citations = what.part.citations}, into);
  }

  void begin_call(const event& what, part_state& state, std::string& into) {
    state.place = choice(what.choice).calls++;
    neutral::part call = what.part;
    state.has_arguments = !call.arguments.empty() && call.arguments != "\"\"";
    if (!state.has_arguments) call.arguments = "\"\"";
    open_chunk(what.choice, into);
    json::out out(into);
    out.begin_object(), out.key("tool_calls"), out.begin_array();
    write_tool_call(call, state.place, false, out);
    out.end_array(), out.end_object();
    close_chunk({}, "null", into);
  }

  void write_image(const event& what, std::string& into) {
    if (what.part.data.empty() && what.part.url.empty()) return;
    open_chunk(what.choice, into);
    json::out out(into);
    out.begin_object(), out.key("images"), out.begin_array(), out.begin_object();
    out.raw("type", "\"image_url\"");
    out.key("image_url"), out.begin_object(), out.key("url");
    if (what.part.data.empty()) out.raw(what.part.url);
    else write_data_url(what.part, "image/png", out);
    out.end_object(), out.end_object(), out.end_array(), out.end_object();
    close_chunk({}, "null", into);
  }

  void write_delta(const event& what, std::string& into) {
    const bool has_text = json::has_text(what.text);
    const bool has_more = !what.logprobs.empty() || !what.citations.empty() || !what.signature.empty();
    const bool is_plain = has_text && !has_more && what.choice == 0;
    if (is_plain && what.index == last_text_) return write_text(what.text, into);
    auto& state = part(what);
    begin_choice(what.choice, state.kind, into);
    if (is_plain && state.kind == part_kind::text) {
      last_text_ = what.index;
      return write_text(what.text, into);
    }
    if (!has_text && !has_more) return;
    const auto start = into.size();
    open_chunk(what.choice, into);
    const auto content = into.size();
    json::out out(into);
    out.begin_object();
    switch (state.kind) {
      case part_kind::text:
        if (has_text || !what.logprobs.empty()) out.raw("content", has_text ? what.text : json_text("\"\""));
        if (!what.citations.empty()) write_annotations({what.citations}, out);
        break;
      case part_kind::refusal: out.raw("refusal", what.text); break;
      case part_kind::reasoning:
        if (has_text) out.raw("reasoning_content", what.text);
        out.key("reasoning_details"), out.begin_array();
        write_reasoning_detail({.kind = part_kind::reasoning}, has_text ? what.text : json_text{}, what.signature, state.place, out);
        out.end_array();
        break;
      case part_kind::tool_call: {
        if (!has_text && what.signature.empty()) break;
        out.key("tool_calls"), out.begin_array(), out.begin_object();
        out.number("index", state.place);
        if (has_text) out.key("function"), out.begin_object(), out.raw("arguments", what.text), out.end_object();
        if (!what.signature.empty()) {
          out.key("extra_content"), out.begin_object(), out.key("google"), out.begin_object();
          out.raw("thought_signature", what.signature);
          out.end_object(), out.end_object();
        }
        out.end_object(), out.end_array();
        state.has_arguments |= has_text;
        break;
      }
      default: break;
    }
    out.end_object();
    if (into.size() == content + 2) return into.resize(start);   // nothing of it can be said here
    close_chunk(what.logprobs, "null", into);
  }

  /// What most chunks are: text of the first choice.
  void write_text(json_text text, std::string& into) {
    if (text_head_.empty()) {
      open_chunk(0, text_head_);
      text_head_ += "{\"content\":";
      text_tail_ = "}";
      close_chunk({}, "null", text_tail_);
    }
    into += text_head_;
    into += text;
    into += text_tail_;
  }

  void end_part(const event& what, std::string& into) {
    auto& state = part(what);
    if (state.kind != part_kind::tool_call || state.has_arguments) return;
    // A call without arguments is one with none: clients parse what they joined.
    write_delta({.kind = event_kind::delta, .choice = what.choice, .index = what.index, .text = "\"{}\""}, into);
  }

  void finish(const event& what, std::string& into) {
    auto& which = choice(what.choice);
    if (which.finished) return;
    begin_choice(what.choice, part_kind::text, into);
    choice(what.choice).finished = true;
    const bool only_stopped = what.finish == neutral::finish_reason::none || what.finish == neutral::finish_reason::stop;
    open_chunk(what.choice, into);
    into += "{}";
    const auto reason = choice(what.choice).calls > 0 && only_stopped ? std::string_view("tool_calls") : finish_reason_text(what.finish);
    close_chunk(what.logprobs, '"' + std::string(reason) + '"', into);
  }

  void end(std::string& into) {
    over_ = true;
    end_chunks(head(), counts_, context_, into);
  }

  static constexpr std::uint32_t no_part = UINT32_MAX;

  answer_context context_;
  std::string request_id_, model_;     // what context_ points to
  std::string head_;                   // "data: {…,"choices":[", the same for every chunk
  std::string text_head_, text_tail_;  // what stands around such a chunk's text
  std::uint32_t last_text_ = no_part;  // the first choice's part of text that the last such chunk was of
  std::vector<choice_state> choices_;
  neutral::token_counts counts_;
  bool over_ = false;
};

}  // namespace

json::out begin_chunk(std::string& head, std::string_view id_prefix, std::string_view object, const event& start, const answer_context& context) {
  head = "data: ";
  json::out out(head);
  out.begin_object();
  out.raw("id", answer_id(id_prefix, start.id, context));
  out.text("object", object);
  out.number("created", start.created.value_or(context.created));
  write_model(start.model, context, out);
  return out;
}

void end_chunks(std::string_view head, const neutral::token_counts& counts, const answer_context& context, std::string& into) {
  if (context.include_usage && (counts.input || counts.output)) {
    into += head;
    into += "],\"usage\":";
    json::out out(into);
    write_usage(counts, out);
    into += "}\n\n";
  }
  into += "data: [DONE]\n\n";
}

std::unique_ptr<stream_writer> open_writer(const answer_context& context) { return std::make_unique<chat_stream_writer>(context); }

}  // namespace switchyard::providers::chat

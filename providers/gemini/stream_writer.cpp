// Neutral events as one of Gemini's streams: a chunk for each delta of text; a call when it is whole, because its args are an object; at
// the end a chunk with every finishReason and the counts.
//
//   data: {"candidates":[{"content":{"parts":[P],"role":"model"},"index":N}],"modelVersion":M,"responseId":R}\r\n\r\n
//   data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":F,"index":N}…],"usageMetadata":{…},…}\r\n\r\n
//
// or the same objects in one array.
#include "providers/gemini/answer.hpp"
#include "providers/gemini/citations.hpp"
#include "providers/gemini/finish.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/stream.hpp"
#include "providers/gemini/usage_metadata.hpp"
#include "providers/json_document.hpp"

#include <algorithm>

namespace switchyard::providers::gemini {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::json_text;
using neutral::part_kind;

constexpr std::size_t most_gathered = 8u << 20;   // bytes of arguments of all open calls
constexpr std::size_t most_choices = 128;

class writer final : public stream_writer {
 public:
  explicit writer(const answer_context& context) : as_array_(context.as_array) {
    json::append_string(id_, context.request_id);
    json::append_string(model_, context.model);
  }

  void write(const event& what, std::string& out) override {
    if (done_) return;
    switch (what.kind) {
      case event_kind::start:
        if (json::has_text(what.id)) id_ = what.id;
        if (json::has_text(what.model)) model_ = what.model;
        merge(what.usage);
        break;
      case event_kind::part_begin: begin_part(what, out); break;
      case event_kind::delta: write_delta(what, out); break;
      case event_kind::part_end: end_part(what, out); break;
      case event_kind::finish: choice_of(what.choice).finish = what.finish; break;
      case event_kind::counts: merge(what.usage); break;
      case event_kind::end: finish(out); break;
    }
  }

  void fail(const error& what, std::string& out) override {
    if (done_) return;
    done_ = true;
    begin_chunk(out);
    append_error(out, what);
    end_chunk(out);
    if (as_array_) out += ']';
  }

 private:
  struct open_part {
    std::uint32_t index = 0;
    part_kind kind = part_kind::text;
    std::string id, name, signature;   // of a call
    std::string arguments;             // inside of a JSON string
    std::size_t base = 0;              // characters of the choice's text before it
  };
  struct choice_state {
    std::vector<open_part> open;
    text_index text;
    grounding_writer grounding;
    neutral::finish_reason finish = neutral::finish_reason::none;
  };

  [[nodiscard]] choice_state& choice_of(std::uint32_t n) {
    const std::size_t index = std::min<std::size_t>(n, most_choices - 1);
    if (index >= choices_.size()) choices_.resize(index + 1);
    return choices_[index];
  }

  [[nodiscard]] static open_part* find(choice_state& choice, std::uint32_t index) noexcept {
    const auto at = std::find_if(choice.open.begin(), choice.open.end(), [&](const auto& part) { return part.index == index; });
    return at == choice.open.end() ? nullptr : &*at;
  }

  void begin_part(const event& what, std::string& out) {
    auto& choice = choice_of(what.choice);
    const auto& part = what.part;
    auto& open = choice.open.emplace_back();
    open.index = what.index;
    open.kind = part.kind;
    open.base = choice.text.characters();
    switch (part.kind) {
      case part_kind::tool_call:
        open.id = part.id;
        open.name = part.name;
        open.signature = part.signature;
        if (json::has_entries(part.arguments)) {   // whole already
          std::string quoted;
          json::append_string(quoted, part.arguments);
          open.arguments = json::inside(quoted);
        }
        break;
      case part_kind::text:
      case part_kind::refusal:
      case part_kind::reasoning:
        if (json::has_text(part.text) || is_base64(part.signature))
          write_piece(what.choice, choice, open.kind, part.text, part.signature, {}, out);
        break;
      case part_kind::image:
      case part_kind::audio:
      case part_kind::video:
      case part_kind::file: {
        std::string text;
        json::out one(text);
        if (write_media(part, one)) chunk(what.choice, text, {}, out);
        break;
      }
      case part_kind::foreign:
        if (is_own(part)) chunk(what.choice, part.original, {}, out);
        break;
      default: break;   // redacted_reasoning: clients could not give it back as what it is
    }
  }

  void write_delta(const event& what, std::string& out) {
    auto& choice = choice_of(what.choice);
    auto* open = find(choice, what.index);
    if (open == nullptr) return;
    if (open->kind == part_kind::tool_call) {
      open->arguments += json::inside(what.text);
      gathered_ += json::inside(what.text).size();
      if (!what.signature.empty()) open->signature = what.signature;
      if (gathered_ > most_gathered)
        fail(upstream_failure(error_code::upstream_error, "the model's tool calls have more than 8 MiB of arguments"), out);
      return;
    }
    if (!what.citations.empty()) choice.grounding.add(what.citations, open->base);
    if (json::has_text(what.text) || is_base64(what.signature) || !what.logprobs.empty())
      write_piece(what.choice, choice, open->kind, what.text, what.signature, what.logprobs, out);
  }

  void end_part(const event& what, std::string& out) {
    auto& choice = choice_of(what.choice);
    auto* open = find(choice, what.index);
    if (open == nullptr) return;
    if (open->kind == part_kind::tool_call) {
      gathered_ -= std::min(gathered_, open->arguments.size());
      std::string text;
      json::out call(text);
      const std::string arguments = object_of(open->arguments);
      write_call(open->id, open->name, arguments, open->signature, call);
      chunk(what.choice, text, {}, out);
    }
    choice.open.erase(choice.open.begin() + (open - choice.open.data()));
  }

  /// The arguments as an object if they are one, else as the string they came as.
  [[nodiscard]] static std::string object_of(const std::string& arguments) {
    if (arguments.empty()) return "{}";
    std::string quoted = '"' + arguments + '"';
    std::string text = json::unescape(quoted);
    json::document document;
    if (document.parse_copy(text) && document.root().is_object()) return text;
    return quoted;
  }

  void write_piece(std::uint32_t index, choice_state& choice, part_kind kind, json_text text, json_text signature, json_text logprobs,
                   std::string& out) {
    if (kind == part_kind::text || kind == part_kind::refusal) choice.text.add(text);
    begin_chunk(out);
    out += R"({"candidates":[{"content":{"parts":[)";
    json::out part(out);
    write_text(text, kind == part_kind::reasoning, signature, part);
    end_candidate(index, logprobs, out);
  }

  /// A chunk with one part, which is JSON already.
  void chunk(std::uint32_t index, std::string_view part, json_text logprobs, std::string& out) {
    begin_chunk(out);
    out += R"({"candidates":[{"content":{"parts":[)";
    out += part;
    end_candidate(index, logprobs, out);
  }

  void end_candidate(std::uint32_t index, json_text logprobs, std::string& out) {
    out += R"(],"role":"model"},"index":)";
    out += std::to_string(index);
    if (!logprobs.empty()) {
      std::string text;
      json::out member(text);
      write_logprobs(logprobs, member);
      if (!text.empty()) out.append(",").append(text);
    }
    out += "}]";
    end_envelope(out);
  }

  void end_envelope(std::string& out) {
    out.append(",\"modelVersion\":").append(model_).append(",\"responseId\":").append(id_).append("}");
    end_chunk(out);
  }

  void begin_chunk(std::string& out) {
    if (as_array_) out += begun_ ? ",\r\n" : "[";
    else out += "data: ";
    begun_ = true;
  }
  void end_chunk(std::string& out) const {
    if (!as_array_) out += "\r\n\r\n";
  }

  void finish(std::string& into) {
    done_ = true;
    begin_chunk(into);
    if (choices_.empty()) choices_.emplace_back();
    json::out out(into);
    out.begin_object();
    out.key("candidates");
    out.begin_array();
    std::int64_t index = 0;
    for (const auto& choice : choices_) {
      out.begin_object();
      out.raw("content", R"({"parts":[{"text":""}],"role":"model"})");
      out.text("finishReason", finish_name(choice.finish));
      out.number("index", index++);
      if (!choice.grounding.empty()) choice.grounding.write(choice.text, out);
      out.end_object();
    }
    out.end_array();
    write_usage_metadata(usage_, out);
    out.raw("modelVersion", model_);
    out.raw("responseId", id_);
    out.end_object();
    end_chunk(into);
    if (as_array_) into += ']';
  }

  void merge(const neutral::token_counts& counts) noexcept {
    const auto take = [](auto& to, const auto& from) {
      if (from) to = from;
    };
    take(usage_.input, counts.input);
    take(usage_.output, counts.output);
    take(usage_.cached_input, counts.cached_input);
    take(usage_.reasoning, counts.reasoning);
  }

  bool as_array_;
  bool begun_ = false;
  bool done_ = false;        // the end or a failure has been written
  std::string id_, model_;   // JSON strings
  std::vector<choice_state> choices_;
  neutral::token_counts usage_;
  std::size_t gathered_ = 0;
};

}  // namespace

std::unique_ptr<stream_writer> open_writer(const answer_context& context) { return std::make_unique<writer>(context); }

}  // namespace switchyard::providers::gemini

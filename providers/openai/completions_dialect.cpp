// OpenAI's legacy text API, for clients that still use it. Its prompt is one user message.
//
//   request = {"model","prompt": S | [S], "max_tokens", "temperature", "stop", "n", "logprobs": N, "echo", "suffix", "best_of", …}
//   answer  = {"id":"cmpl-…","object":"text_completion","created","model","choices":[{"text","index","logprobs":null,"finish_reason"}],"usage"}
//   stream  = chunks of the same shape, a usage chunk with no choices, "data: [DONE]"
//
// Lists of prompts and token arrays cannot be said elsewhere and are refused. The legacy default of 16 tokens is not imposed on others.
// Thoughts and tool calls have no place in its answers.
#include "providers/openai/chat.hpp"
#include "providers/registry.hpp"

namespace switchyard::providers {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::part_kind;

[[nodiscard]] bool is_visible(part_kind kind) noexcept { return kind == part_kind::text || kind == part_kind::refusal; }

[[nodiscard]] std::string_view finish_text(neutral::finish_reason why) noexcept {
  const auto text = chat::finish_reason_text(why);
  return text == "tool_calls" ? "stop" : text;   // the API has no tools
}

class completions_writer final : public stream_writer {
 public:
  explicit completions_writer(const answer_context& context) : context_(context), request_id_(context.request_id), model_(context.model) {
    context_.request_id = request_id_;
    context_.model = model_;
    context_.asked = nullptr;
  }

  void write(const event& what, std::string& into) override {
    if (over_) return;
    switch (what.kind) {
      case event_kind::start: begin(what); break;
      case event_kind::part_begin:
        kind_of(what) = what.part.kind;
        if (is_visible(what.part.kind) && json::has_text(what.part.text)) chunk(what.choice, what.part.text, {}, into);
        break;
      case event_kind::delta:
        if (is_visible(kind_of(what)) && json::has_text(what.text)) chunk(what.choice, what.text, {}, into);
        break;
      case event_kind::part_end: break;
      case event_kind::finish: chunk(what.choice, "\"\"", finish_text(what.finish), into); break;
      case event_kind::counts: counts_ = what.usage; break;
      case event_kind::end: end(into); break;
    }
  }

  void fail(const error& what, std::string& into) override {
    if (over_) return;
    over_ = true;
    into += openai_ingress().stream_error(api::completions, what);
  }

 private:
  void begin(const event& what) {
    (void)chat::begin_chunk(head_, "cmpl-", "text_completion", what, context_);
    head_ += ",\"choices\":[";
    if (what.usage.input) counts_ = what.usage;
  }
  [[nodiscard]] const std::string& head() {
    if (head_.empty()) begin(event{.kind = event_kind::start});
    return head_;
  }

  [[nodiscard]] part_kind& kind_of(const event& what) {
    if (kinds_.size() <= what.choice) kinds_.resize(what.choice + 1);
    auto& kinds = kinds_[what.choice];
    if (kinds.size() <= what.index) kinds.resize(what.index + 1, part_kind::text);
    return kinds[what.index];
  }

  void chunk(std::uint32_t index, neutral::json_text text, std::string_view finish, std::string& into) {
    into += head();
    into += "{\"text\":";
    into += text;
    into += ",\"index\":";
    into += std::to_string(index);
    into += ",\"logprobs\":null,\"finish_reason\":";
    if (finish.empty()) into += "null";
    else into += '"', into += finish, into += '"';
    into += context_.include_usage ? "}],\"usage\":null}\n\n" : "}]}\n\n";
  }

  void end(std::string& into) {
    over_ = true;
    chat::end_chunks(head(), counts_, context_, into);
  }

  answer_context context_;
  std::string request_id_, model_;                  // what context_ points to
  std::string head_;
  std::vector<std::vector<part_kind>> kinds_;       // of each choice's parts
  neutral::token_counts counts_;
  bool over_ = false;
};

class completions_format final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "completions"; }

  [[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const override {
    neutral::request out;
    neutral::json_text prompt;
    bool usage_said = false;
    json::members walk(body.substr(json::skip_space(body, 0)));
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      usage_said |= m.name == "stream_options";
      if (m.name == "prompt") prompt = m.value;
      else if (is_default(m)) continue;
      else if (!chat::read_sampling(m, out, texts)) out.unknown.push_back(m.name);
    }
    if (json::is_array(prompt)) {
      json::elements list(prompt);
      std::string_view first, second;
      if (!list.next(first) || list.next(second) || !json::is_string(first))
        return client_error(error_code::invalid_request,
                            "prompt must be one text: lists of prompts and token arrays cannot be sent to this provider", "prompt");
      prompt = first;
    }
    if (!json::is_string(prompt)) return client_error(error_code::invalid_request, "prompt must be a text", "prompt");
    neutral::message message;
    message.parts.push_back({.kind = part_kind::text, .text = prompt});
    out.messages.push_back(std::move(message));
    out.wants_usage = !out.stream || (usage_said && out.wants_usage);
    return out;
  }

  /// Nothing is translated into this API (wires speak chat); what has text becomes the prompt all the same.
  [[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& into,
                                      neutral::dropped_fields& dropped) const override {
    if (auto no = refuse_unanswerable(what, answers_per_request::several)) return *std::move(no);
    for (const auto name : what.unknown) dropped.add(name);
    std::string prompt;
    for (const auto& message : what.messages)
      for (const auto& part : message.parts) {
        if (part.kind != part_kind::text) {
          dropped.add("messages.content");
          continue;
        }
        if (!prompt.empty()) prompt += "\\n\\n";
        prompt += json::inside(part.text);
      }
    if (!what.tools.empty()) dropped.add("tools");
    if (what.format.shape != neutral::output_shape::text) dropped.add("response_format");
    if (what.reasoning.given()) dropped.add(what.reasoning.name);
    for (const auto* other : {&what.top_k, &what.logprobs, &what.top_logprobs, &what.metadata, &what.service_tier, &what.verbosity, &what.prediction,
                              &what.store, &what.modalities, &what.audio, &what.safety_settings, &what.cached_content,
                              &what.guardrail, &what.performance})
      dropped.add_if(*other);
    json::out out(into);
    out.begin_object();
    out.text("model", where.model);
    out.raw("prompt", '"' + prompt + '"');
    out.raw_if("max_tokens", what.max_output_tokens.value);
    out.raw_if("temperature", what.temperature.value);
    out.raw_if("top_p", what.top_p.value);
    out.raw_if("stop", what.stop.value);
    out.raw_if("seed", what.seed.value);
    out.raw_if("n", what.choices.value);
    out.raw_if("frequency_penalty", what.frequency_penalty.value);
    out.raw_if("presence_penalty", what.presence_penalty.value);
    out.raw_if("logit_bias", what.logit_bias.value);
    out.raw_if("user", what.user.value);
    if (what.stream) out.boolean("stream", true), out.raw("stream_options", R"({"include_usage":true})");
    out.end_object();
    return done{};
  }

  [[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const override {
    return chat::read_answer(body, texts);
  }

  void write_answer(const neutral::answer& what, const answer_context& context, std::string& into) const override {
    json::out out(into);
    out.begin_object();
    out.raw("id", chat::answer_id("cmpl-", what.id, context));
    out.raw("object", "\"text_completion\"");
    out.number("created", what.created.value_or(context.created));
    chat::write_model(what.model, context, out);
    out.key("choices"), out.begin_array();
    std::int64_t index = 0;
    for (const auto& choice : what.choices) {
      out.begin_object();
      out.key("text");
      auto& text = out.str();
      text += '"';
      for (const auto& part : choice.parts)
        if (is_visible(part.kind)) text += json::inside(part.text);
      text += '"';
      out.placed();
      out.number("index", index++);
      out.raw("logprobs", "null");
      out.text("finish_reason", finish_text(choice.finish));
      out.end_object();
    }
    out.end_array();
    if (what.usage.input || what.usage.output) out.key("usage"), chat::write_usage(what.usage, out);
    out.raw_if("system_fingerprint", what.fingerprint);
    out.end_object();
  }

  [[nodiscard]] bool has_place_for(const neutral::part& what, bool) const noexcept override { return is_visible(what.kind); }
  [[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential) const override { return chat::open_reader(credential); }
  [[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context) const override {
    return std::make_unique<completions_writer>(context);
  }

 private:
  /// What would have happened anyway need not be reported as dropped.
  [[nodiscard]] static bool is_default(const json::member& m) noexcept {
    return (m.name == "echo" && m.value == "false") || (m.name == "best_of" && m.value == "1") || (m.name == "suffix" && !json::has_text(m.value));
  }
};

}  // namespace

const dialect& completions_dialect() noexcept {
  static const completions_format format;
  return format;
}

}  // namespace switchyard::providers

// One event at a time, read in place by json::members: no tree, no copy, a few hundred nanoseconds an event.
//
// chat, completions:  data: {..., "choices":[{"delta":{...},"finish_reason":...}], "usage":{...}|null}      data: [DONE]
// responses:          [event: T]  data: {"type":T, ...}    T = response.created ... response.completed
// error:              data: {"error":...}, or event: error, or {"type":"error",...}, or response.failed
#include "providers/openai/stream.hpp"

#include "base/secret.hpp"
#include "providers/event_shape.hpp"
#include "providers/json_out.hpp"
#include "providers/openai/error.hpp"
#include "providers/openai/responses_repeats.hpp"
#include "providers/packed_text.hpp"
#include "providers/sse_splitter.hpp"
#include "providers/token_estimate.hpp"

#include <algorithm>
#include <string>

namespace switchyard::providers {

namespace {

/// What an event of the stream amounts to.
struct verdict {
  bool content = false;
  bool finished = false;
  bool usage_only = false;     // choices is empty and usage is there
  bool malformed = false;
  std::string_view problem;    // the error's JSON; empty: none
};

class openai_stream final : public stream_decoder {
 public:
  openai_stream(api operation, bool hide_usage, std::string_view credential)
      : operation_(operation), hide_usage_(hide_usage), credential_(std::string(credential)) {
    if (operation == api::responses) splitter_.digest_long_events(repeated_, sse_splitter::long_bytes::kept);
  }

  const stream_step& feed(std::string_view bytes) override {
    step_.forward.clear();
    step_.more = false;
    if (!unpacker_.queue().empty()) unpacker_.clear();
    if (step_.problem) return step_;
    if (done_) {   // whatever still comes is none of our business
      if (!bytes.empty()) forward(bytes);
      return step_;
    }
    splitter_.feed(bytes);
    for (sse_piece piece; !done_ && !step_.problem && splitter_.next(piece);) take(piece);
    if (done_) {
      if (const auto rest = splitter_.rest(); !rest.empty()) forward(rest);
    } else if (!step_.problem && splitter_.overlong()) {
      step_.problem = bad_response("the provider sent an event of more than 8 MiB");
    } else if (!step_.problem && begins_with_done_line(splitter_.pending())) {
      // Some close without the last blank line. Nothing of worth can follow, so there is nothing to wait for.
      step_.finished = done_ = true;
      forward(splitter_.take_pending());
    }
    if (unpacker_.empty()) return step_;
    return more();
  }

  const stream_step& more() override {
    step_.forward.clear();
    step_.more = unpacker_.give(step_.forward);
    return step_;
  }

  /// Some providers leave [DONE] out. A stream of choices that closes cleanly after each choice's finish_reason is whole: nothing but usage
  /// could still follow. The client is told by the marker its format promises.
  const stream_step& close() override {
    step_.forward.clear();
    if (step_.problem || done_ || operation_ == api::responses) return step_;
    last_event_ = splitter_.pending();
    if (!last_event_.empty()) {   // the last blank line may be missing, too
      last_event_ += "\n\n";
      take({.bytes = last_event_});
    }
    const bool whole = begun_ != 0 && (begun_ & ~ended_) == 0;
    if (step_.problem || done_ || !whole) return step_;
    step_.finished = done_ = true;
    step_.forward.push_back("data: [DONE]\n\n");
    return step_;
  }

  [[nodiscard]] const usage& reported() const noexcept override { return usage_; }
  [[nodiscard]] std::int64_t estimated_output_tokens() const noexcept override { return output_tokens_; }
  [[nodiscard]] std::string failure_event(const error& what) override {
    return operation_ == api::responses ? responses_error_event(what, next_sequence_) : std::string();
  }

 private:
  [[nodiscard]] static bool begins_with_done_line(std::string_view pending) noexcept {
    if (!pending.starts_with("data:")) return false;
    pending.remove_prefix(5);
    if (pending.starts_with(' ')) pending.remove_prefix(1);
    return pending.starts_with("[DONE]\n") || pending.starts_with("[DONE]\r");
  }

  void take(const sse_piece& piece) {
    if (piece.completes_last) {
      if (!last_hidden_) forward(piece.bytes);
      return;
    }
    last_hidden_ = false;
    if (event_shape::values seen; shape_.matches(piece.bytes, seen) && json::has_text(seen[0])) {   // it means the same as the last one
      output_tokens_ += estimate_json_string_tokens(json::inside(seen[0]));
      step_.content = true;
      return forward(piece.bytes);
    }
    content_ = {};
    const auto tokens_before = output_tokens_;
    const auto fields = read_sse_fields(piece.bytes, joined_data_);
    if (!fields.has_data || (fields.data.empty() && fields.event != "error")) return forward(piece.bytes);
    if (fields.data.starts_with("[DONE]")) {
      step_.finished = done_ = true;
      return forward(piece.bytes);
    }
    const verdict what = judge(fields);
    if (!what.problem.empty()) {
      // Some put the error into an ordinary chunk: only the error itself is judged and passed on.
      std::string_view body = what.problem;
      std::string bare;
      if (const auto error = json::find(body, "error"); json::is_object(error))
        body = bare.append(R"({"error":)").append(error).append("}");
      step_.problem = judge_error(0, body, {}, wall_time{}, credential_.reveal());
      return;
    }
    if (what.malformed) {
      step_.problem = bad_response("the provider sent an event that is not a JSON object");
      return;
    }
    step_.content |= what.content;
    step_.finished |= what.finished;
    if (hide_usage_ && what.usage_only) {
      last_hidden_ = true;
      return;
    }
    if (!content_.empty() && output_tokens_ - tokens_before == estimate_json_string_tokens(json::inside(content_)))   // nothing but it
      shape_.remember(piece.bytes, {content_, json::find(fields.data, "obfuscation")});
    if (piece.whole == nullptr) return forward(piece.bytes);
    for (const auto before : step_.forward) unpacker_.add({before});
    piece.whole->list(unpacker_.queue());
  }

  void forward(std::string_view bytes) {
    if (unpacker_.empty()) step_.pass_on(bytes);
    else unpacker_.add({bytes});
  }

  [[nodiscard]] verdict judge(const sse_fields& fields) {
    if (fields.event == "error") {
      read_openai_usage(json::find(fields.data, "usage"), usage_);
      return {.problem = fields.data.empty() ? std::string_view("{}") : fields.data};
    }
    return operation_ == api::responses ? judge_responses(fields) : judge_choices(fields.data);
  }

  [[nodiscard]] verdict judge_choices(std::string_view data) {
    verdict out;
    bool no_choices = false;
    bool has_usage = false;
    json::members walk(data);
    for (json::member m; walk.next(m);) {
      if (m.name == "choices") {
        no_choices = json::is_array(m.value) && !json::has_entries(m.value);
        json::elements choices(m.value);
        for (std::string_view choice; choices.next(choice);) out.content |= read_choice(choice);
      } else if (m.name == "usage" && json::is_object(m.value)) {
        has_usage = true;
        read_openai_usage(m.value, usage_);
      } else if (m.name == "x_groq" && json::is_object(m.value)) {
        read_openai_usage(json::find(m.value, "usage"), usage_);
      } else if (m.name == "error" && (json::has_entries(m.value) || json::has_text(m.value))) {
        out.problem = data;
      }
    }
    out.malformed = !walk.ok();
    out.usage_only = no_choices && has_usage;
    return out;
  }

  /// True when the choice carries content or ends.
  [[nodiscard]] bool read_choice(std::string_view choice) {
    bool content = false;
    bool ends = false;
    std::uint64_t which = 1;
    json::members walk(choice);
    for (json::member m; walk.next(m);) {
      if (m.name == "delta" || m.name == "message")
        content |= read_delta(m.value);
      else if (m.name == "text")
        content |= read_text(m.value);
      else if (m.name == "finish_reason")
        ends |= json::has_text(m.value);
      else if (m.name == "index")
        which = std::uint64_t{1} << std::min<std::int64_t>(json::as_count(m.value).value_or(0), 63);
    }
    begun_ |= which;
    if (ends) ended_ |= which;
    return content || ends;
  }

  [[nodiscard]] bool read_delta(std::string_view delta) {
    bool content = false;
    bool reasoning = false;   // some send it under two names
    json::members walk(delta);
    for (json::member m; walk.next(m);) {
      if (m.name == "content") {
        content |= json::is_array(m.value) ? read_parts(m.value) : read_text(m.value);
        if (json::has_text(m.value)) content_ = m.value;
      } else if (m.name == "reasoning" || m.name == "reasoning_content") {
        content |= json::has_text(m.value);
        if (!reasoning) reasoning = read_text(m.value);
      } else if (m.name == "refusal") {
        content |= read_text(m.value);
      } else if (m.name == "tool_calls") {
        json::elements calls(m.value);
        for (std::string_view call; calls.next(call); content = true) read_function(json::find(call, "function"));
      } else if (m.name == "function_call" && json::has_entries(m.value)) {
        content = true;
        read_function(m.value);
      } else if (m.name == "images" && json::has_entries(m.value)) {
        content = true;
        json::elements images(m.value);
        for (std::string_view image; images.next(image);) ++usage_.images;
      } else if ((m.name == "audio" || m.name == "reasoning_details") && json::has_entries(m.value)) {
        content = true;
      }
    }
    return content;
  }

  /// Content as a list of parts, as Mistral's reasoning models send it.
  [[nodiscard]] bool read_parts(std::string_view parts) {
    json::elements walk(parts);
    bool any = false;
    for (std::string_view part; walk.next(part); any = true) (void)read_text(json::find(part, "text"));
    return any;
  }

  void read_function(std::string_view function) {
    (void)read_text(json::find(function, "name"));
    (void)read_text(json::find(function, "arguments"));
  }

  [[nodiscard]] bool read_text(std::string_view value) {
    if (!json::has_text(value)) return false;
    output_tokens_ += estimate_json_string_tokens(json::inside(value));
    return true;
  }

  [[nodiscard]] verdict judge_responses(const sse_fields& fields) {
    verdict out;
    std::string_view type = fields.event;
    std::string_view response, delta, error;
    json::members walk(fields.data);
    for (json::member m; walk.next(m);) {
      if (m.name == "type" && json::is_string(m.value))
        type = m.value.substr(1, m.value.size() - 2);
      else if (m.name == "response")
        response = m.value;
      else if (m.name == "delta")
        delta = m.value;
      else if (m.name == "error" && (json::has_entries(m.value) || json::has_text(m.value)))
        error = m.value;
      else if (m.name == "sequence_number")
        next_sequence_ = json::as_count(m.value).value_or(next_sequence_) + 1;
    }
    out.malformed = !walk.ok();
    if (json::is_object(response)) read_openai_usage(json::find(response, "usage"), usage_);
    if (type == "error" || !error.empty()) {
      out.problem = fields.data;
    } else if (type == "response.failed") {
      const auto reason = json::find(response, "error");
      out.problem = json::has_entries(reason) ? reason : std::string_view(R"({"message":"the provider reports that the response failed"})");
    } else if (type == "response.completed" || type == "response.incomplete") {
      out.finished = out.content = true;
      usage_.images = count_openai_images(response);
    } else {
      out.content = type != "response.created" && type != "response.queued" && type != "response.in_progress" && type != "ping" &&
                    type != "keepalive";
      // Only what the model writes counts; a few hosted tools stream partial images and sound under other names.
      if (type.ends_with(".delta") && !type.starts_with("response.audio")) (void)read_text(delta);
    }
    return out;
  }

  api operation_;
  responses::repeated_texts repeated_;
  bool hide_usage_;
  bool last_hidden_ = false;
  bool done_ = false;      // [DONE] was seen
  std::uint64_t begun_ = 0, ended_ = 0;   // choices that were seen and that had a finish_reason, a bit each; 63 and up share one
  std::string last_event_; // what close() found unfinished
  secret credential_;
  sse_splitter splitter_;
  std::string joined_data_;
  std::string_view content_;       // delta.content of the event being judged, when it has text
  event_shape shape_;              // of the last event that had nothing else
  unpacker unpacker_;              // what is forwarded once a long event is among it
  stream_step step_;
  usage usage_;
  std::int64_t output_tokens_ = 0;   // estimated piece by piece: pieces end where tokens do
  std::int64_t next_sequence_ = 0;   // responses: of an event of ours after those seen
};

}  // namespace

std::unique_ptr<stream_decoder> open_openai_stream(api operation, bool hide_usage, std::string_view credential) {
  return std::make_unique<openai_stream>(operation, hide_usage, credential);
}

std::int64_t count_openai_images(std::string_view answer) noexcept {
  std::int64_t count = 0;
  json::elements choices(json::find(answer, "choices"));
  for (std::string_view choice; choices.next(choice);) {
    json::elements images(json::find(json::find(choice, "message"), "images"));
    for (std::string_view image; images.next(image);) ++count;
  }
  json::elements items(json::find(answer, "output"));
  for (std::string_view item; items.next(item);)
    count += json::is_text(json::find(item, "type"), "image_generation_call") && json::has_text(json::find(item, "result"));
  return count;
}

void read_openai_usage(std::string_view object, usage& out) noexcept {
  if (!json::is_object(object)) return;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (m.name == "prompt_tokens" || m.name == "input_tokens") {
      if (const auto count = json::as_count(m.value)) out.input = count;
    } else if (m.name == "completion_tokens" || m.name == "output_tokens") {
      if (const auto count = json::as_count(m.value)) out.output = count;
    } else if (m.name == "prompt_tokens_details" || m.name == "input_tokens_details") {
      if (const auto count = json::as_count(json::find(m.value, "cached_tokens"))) out.cached_input = count;
      if (const auto count = json::as_count(json::find(m.value, "cache_write_tokens"))) out.cache_write = count;   // OpenRouter
      if (const auto count = json::as_count(json::find(m.value, "audio_tokens"))) out.audio_input = count;
    } else if (m.name == "completion_tokens_details" || m.name == "output_tokens_details") {
      if (const auto count = json::as_count(json::find(m.value, "audio_tokens"))) out.audio_output = count;
    } else if (m.name == "prompt_cache_hit_tokens" && !out.cached_input) {
      out.cached_input = json::as_count(m.value);   // DeepSeek
    }
  }
}

}  // namespace switchyard::providers

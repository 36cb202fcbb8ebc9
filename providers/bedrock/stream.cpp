// One frame at a time; frames are forwarded as they came.
//
//   stream = messageStart *([contentBlockStart] *contentBlockDelta contentBlockStop) messageStop metadata
//   metadata has the usage and comes last, so it ends the stream; where it is missing a clean close after messageStop does.
#include "providers/bedrock/stream.hpp"

#include "base/secret.hpp"
#include "providers/bedrock/error.hpp"
#include "providers/bedrock/converse.hpp"
#include "providers/bedrock/event_stream.hpp"
#include "providers/json_scan.hpp"

#include <string>

namespace switchyard::providers {

namespace {

class bedrock_stream final : public stream_decoder {
 public:
  explicit bedrock_stream(std::string_view credential) : credential_(std::string(credential)) {}

  const stream_step& feed(std::string_view bytes) override {
    step_.forward.clear();
    if (step_.problem || step_.finished) return step_;   // whatever still comes is none of our business
    splitter_.feed(bytes);
    for (event_frame frame; !step_.problem && !step_.finished && splitter_.next(frame);) take(frame);
    if (!step_.problem && !splitter_.fault().empty()) step_.problem = bad_bedrock_stream(splitter_.fault());
    return step_;
  }

  const stream_step& close() override {
    step_.forward.clear();
    if (!step_.problem) step_.finished |= stopped_ && !splitter_.is_inside_frame();
    return step_;
  }

  [[nodiscard]] const usage& reported() const noexcept override { return usage_; }
  [[nodiscard]] std::int64_t estimated_output_tokens() const noexcept override { return (output_characters_ + 3) / 4; }

 private:
  void take(const event_frame& frame) {
    if (!frame.is_event() && !frame.message_type.empty()) {
      step_.problem = judge_bedrock_exception(frame, credential_.reveal());
      return;
    }
    bool fine = true;
    if (frame.event_type == "contentBlockDelta") {
      step_.content = true;
      fine = count(frame.payload);
    } else if (frame.event_type == "contentBlockStart" || frame.event_type == "contentBlockStop") {
      step_.content = true;
    } else if (frame.event_type == "messageStop") {
      step_.content = stopped_ = true;
    } else if (frame.event_type == "metadata") {
      read_bedrock_usage(json::find(frame.payload, "usage"), usage_);
      step_.finished |= stopped_;
    }
    if (!fine) {
      step_.problem = bad_bedrock_stream("an event is not a JSON object");
      return;
    }
    step_.pass_on(frame.bytes);
  }

  /// False: not an object.
  [[nodiscard]] bool count(std::string_view payload) {
    json::members walk(payload);
    for (json::member m; walk.next(m);) {
      if (m.name != "delta") continue;
      json::members kinds(m.value);
      for (json::member kind; kinds.next(kind);) {
        if (kind.name == "text")
          output_characters_ += static_cast<std::int64_t>(json::text_length(kind.value));
        else if (kind.name == "toolUse")
          output_characters_ += static_cast<std::int64_t>(json::text_length(json::find(kind.value, "input")));
        else if (kind.name == "reasoningContent")
          output_characters_ += static_cast<std::int64_t>(json::text_length(json::find(kind.value, "text")));
      }
    }
    return walk.ok();
  }

  secret credential_;
  frame_splitter splitter_;
  stream_step step_;
  usage usage_;
  std::int64_t output_characters_ = 0;
  bool stopped_ = false;   // messageStop was seen
};

}  // namespace

std::unique_ptr<stream_decoder> open_bedrock_stream(std::string_view credential) { return std::make_unique<bedrock_stream>(credential); }

void read_bedrock_usage(std::string_view object, usage& out) noexcept {
  neutral::token_counts counts;
  converse::read_usage(object, counts);
  const auto take = [](auto& to, const auto& from) {
    if (from) to = from;
  };
  take(out.input, counts.input);
  take(out.output, counts.output);
  take(out.cached_input, counts.cached_input);
  take(out.cache_write, counts.cache_write);
}

}  // namespace switchyard::providers

// One event at a time, read in place: no tree, no copy.
//
//   stream = message_start *(content_block_start *content_block_delta content_block_stop) *message_delta message_stop
//   event  = "event: T\ndata: {\"type\":\"T\",…}\n\n"; `ping` anywhere, `error` instead of any of them, then nothing
#include "providers/anthropic/stream.hpp"

#include "base/secret.hpp"
#include "providers/anthropic/counts.hpp"
#include "providers/anthropic/error.hpp"
#include "providers/sse_splitter.hpp"

#include <string>

namespace switchyard::providers {

namespace {

class anthropic_stream final : public stream_decoder {
 public:
  explicit anthropic_stream(std::string_view credential) : credential_(std::string(credential)) {}

  const stream_step& feed(std::string_view bytes) override {
    step_.forward.clear();
    if (step_.problem) return step_;
    if (step_.finished) {   // whatever still comes is none of our business
      if (!bytes.empty()) step_.pass_on(bytes);
      return step_;
    }
    splitter_.feed(bytes);
    for (sse_piece piece; !step_.finished && !step_.problem && splitter_.next(piece);) take(piece);
    if (step_.finished) {
      if (const auto rest = splitter_.rest(); !rest.empty()) step_.pass_on(rest);
    } else if (!step_.problem && splitter_.overlong()) {
      step_.problem = bad_response("the provider sent an event of more than 8 MiB");
    }
    return step_;
  }

  /// Some close without the last blank line.
  const stream_step& close() override {
    step_.forward.clear();
    if (step_.problem || step_.finished) return step_;
    const auto fields = read_sse_fields(splitter_.pending(), joined_data_);
    if (!json::is_text(json::find(fields.data, "type"), "message_stop")) return step_;
    step_.finished = true;
    step_.pass_on("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    return step_;
  }

  [[nodiscard]] const usage& reported() const noexcept override { return usage_; }
  [[nodiscard]] std::int64_t estimated_output_tokens() const noexcept override { return (output_characters_ + 3) / 4; }

 private:
  void take(const sse_piece& piece) {
    if (piece.completes_last) return step_.pass_on(piece.bytes);
    const auto fields = read_sse_fields(piece.bytes, joined_data_);
    if (fields.event == "error") return fail(fields.data.empty() ? "{}" : fields.data);
    if (!fields.has_data || fields.data.empty()) return step_.pass_on(piece.bytes);
    std::string_view type, message, block, delta, figures, error;
    json::members walk(fields.data);
    for (json::member m; walk.next(m);) {
      if (m.name == "type") type = json::inside(m.value);
      else if (m.name == "message") message = m.value;
      else if (m.name == "content_block") block = m.value;
      else if (m.name == "delta") delta = m.value;
      else if (m.name == "usage") figures = m.value;
      else if (m.name == "error") error = m.value;
    }
    if (!walk.ok()) {
      step_.problem = bad_response("the provider sent an event that is not a JSON object");
      return;
    }
    if (type == "error" || (type.empty() && json::has_entries(error))) return fail(fields.data);
    if (type == "message_start") count(json::find(message, "usage"));
    else if (type == "content_block_start") step_.content |= begins_with_content(block);
    else if (type == "content_block_delta") step_.content |= read_delta(delta);
    else if (type == "message_delta") count(figures), step_.content |= json::has_text(json::find(delta, "stop_reason"));
    else if (type == "message_stop") step_.finished = true;
    step_.pass_on(piece.bytes);
  }

  void fail(std::string_view body) { step_.problem = judge_anthropic_error(0, body, {}, wall_time{}, credential_.reveal()); }

  void count(std::string_view figures) {
    counts_.read(figures);
    counts_.copy_to(usage_);
  }

  /// Text and thinking begin empty; everything else has a name, an id or a result at once.
  [[nodiscard]] bool begins_with_content(std::string_view block) {
    const auto type = json::find(block, "type");
    if (json::is_text(type, "text")) return read_text(json::find(block, "text"));
    if (json::is_text(type, "thinking")) return read_text(json::find(block, "thinking"));
    (void)read_text(json::find(block, "name"));
    return true;
  }

  [[nodiscard]] bool read_delta(std::string_view delta) {
    bool content = false;
    json::members walk(delta);
    for (json::member m; walk.next(m);) {
      if (m.name == "text" || m.name == "thinking" || m.name == "partial_json") content |= read_text(m.value);
      else if (m.name != "type") content = true;   // a signature, a citation, whatever comes next
    }
    return content;
  }

  [[nodiscard]] bool read_text(std::string_view value) {
    if (!json::has_text(value)) return false;
    output_characters_ += static_cast<std::int64_t>(json::text_length(value));
    return true;
  }

  secret credential_;
  sse_splitter splitter_;
  std::string joined_data_;
  stream_step step_;
  anthropic::reported_counts counts_;
  usage usage_;
  std::int64_t output_characters_ = 0;
};

}  // namespace

std::unique_ptr<stream_decoder> open_anthropic_stream(std::string_view credential) { return std::make_unique<anthropic_stream>(credential); }

}  // namespace switchyard::providers

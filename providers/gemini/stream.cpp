// One event at a time, read in place.
//
//   stream = *("data: " GenerateContentResponse eol eol)        it has no end marker: it is whole when it closes after every candidate
//                                                               has given its finishReason, or after promptFeedback.blockReason
//   array  = "[" GenerateContentResponse *("," …) "]"           the same for clients that did not say alt=sse
#include "providers/gemini/stream.hpp"

#include "base/secret.hpp"
#include "providers/gemini/error.hpp"
#include "providers/gemini/field.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/usage_metadata.hpp"
#include "providers/json_out.hpp"
#include "providers/sse_splitter.hpp"

#include <algorithm>
#include <string>

namespace switchyard::providers::gemini {

namespace {

class gemini_stream final : public stream_decoder {
 public:
  gemini_stream(bool as_array, std::string_view credential) : as_array_(as_array), credential_(std::string(credential)) {}

  const stream_step& feed(std::string_view bytes) override {
    step_.forward.clear();
    array_.clear();
    if (step_.problem) return step_;
    splitter_.feed(bytes);
    for (sse_piece piece; !step_.problem && splitter_.next(piece);) take(piece.bytes);
    if (!step_.problem && splitter_.overlong()) step_.problem = bad_response("the provider sent an event of more than 8 MiB");
    forward_array();
    return step_;
  }

  const stream_step& close() override {
    step_.forward.clear();
    array_.clear();
    if (step_.problem) return step_;
    // An event without its blank line counts if it is whole.
    splitter_.feed({});   // lets go of the last feed's bytes, which are gone
    if (const auto rest = splitter_.take_pending(); !rest.empty()) take(rest);
    if (step_.problem) return step_;
    step_.finished = blocked_ || (finished_ != 0 && (seen_ & ~finished_) == 0);
    if (step_.finished && as_array_) array_ += begun_ ? "]" : "[]";
    forward_array();
    return step_;
  }

  [[nodiscard]] const usage& reported() const noexcept override { return usage_; }
  [[nodiscard]] std::int64_t estimated_output_tokens() const noexcept override { return (output_characters_ + 3) / 4; }

  [[nodiscard]] std::string failure_event(const error& what) override {
    if (!as_array_) return {};
    std::string out = begun_ ? ",\r\n" : "[";
    append_error(out, what);
    out += ']';
    return out;
  }

 private:
  void take(std::string_view piece) {
    auto fields = read_sse_fields(piece, joined_data_);
    if (const auto bare = bare_json(piece); !fields.has_data && !bare.empty()) fields = {.event = {}, .data = bare, .has_data = true};
    if (fields.has_data && !fields.data.empty()) {
      judge(fields.data);
      if (step_.problem) return;
      if (as_array_) {
        array_ += begun_ ? ",\r\n" : "[";
        array_ += fields.data;
        begun_ = true;
      }
    }
    if (!as_array_) step_.pass_on(piece);
  }

  void judge(std::string_view data) {
    if (json::is_array(data)) {
      step_.problem = judge_error(0, data, {}, wall_time{}, credential_.reveal());
      return;
    }
    json::members walk(data);
    for (json::member m; walk.next(m);) {
      if (m.name == "candidates") {
        for_each(m.value, [&](std::string_view candidate) { return read_candidate(candidate), true; });
      } else if (is_field(m.name, "usageMetadata") && json::is_object(m.value)) {
        const auto images = usage_.images;
        usage_ = to_usage(read_usage_metadata(m.value));
        usage_.images = images;
      } else if (is_field(m.name, "promptFeedback")) {
        if (json::has_text(find_field(m.value, "blockReason"))) step_.content = blocked_ = true;
      } else if (m.name == "error" && (json::has_entries(m.value) || json::has_text(m.value))) {
        step_.problem = judge_error(0, data, {}, wall_time{}, credential_.reveal());
        return;
      }
    }
    if (!walk.ok()) step_.problem = bad_response("the provider sent an event that is not a JSON object");
  }

  void read_candidate(std::string_view candidate) {
    std::int64_t index = 0;
    bool finished = false;
    json::members walk(candidate);
    for (json::member m; walk.next(m);) {
      if (m.name == "index") index = json::as_count(m.value).value_or(0);
      else if (is_field(m.name, "finishReason")) finished = json::has_text(m.value);
      else if (m.name == "content")
        for_each(find_field(m.value, "parts"), [&](std::string_view part) { return read_part(part), true; });
    }
    const auto bit = std::uint64_t{1} << std::min<std::int64_t>(index, 63);
    seen_ |= bit;
    if (finished) finished_ |= bit;
    step_.content |= finished;
  }

  void read_part(std::string_view part) {
    json::members walk(part);
    for (json::member m; walk.next(m);) {
      if (m.name == "text") {
        step_.content |= json::has_text(m.value);
        output_characters_ += static_cast<std::int64_t>(json::text_length(m.value));
      } else if (is_field(m.name, "functionCall")) {
        step_.content = true;
        output_characters_ += static_cast<std::int64_t>(m.value.size());
      } else if (json::has_entries(m.value)) {
        step_.content = true;   // executableCode, inlineData, …
        usage_.images += is_field(m.name, "inlineData") && is_picture(m.value);
      }
    }
  }

  void forward_array() {
    if (!array_.empty()) step_.forward.push_back(array_);
  }

  bool as_array_;
  bool begun_ = false;           // something of the array has gone out
  bool blocked_ = false;         // the prompt was
  std::uint64_t seen_ = 0;       // candidates by index; those from 63 on share a bit
  std::uint64_t finished_ = 0;
  secret credential_;
  sse_splitter splitter_;
  std::string joined_data_;
  std::string array_;            // what one feed adds to the array
  stream_step step_;
  usage usage_;
  std::int64_t output_characters_ = 0;
};

}  // namespace

std::unique_ptr<stream_decoder> open_stream(bool as_array, std::string_view credential) {
  return std::make_unique<gemini_stream>(as_array, credential);
}

}  // namespace switchyard::providers::gemini

// Gemini's streams as neutral events. Neighbouring parts of one kind are one part; a call comes whole. What a candidate finished with
// is told at the end, because sources and counts may come after it. An event that differs from the one before in its text and counts
// alone is not read again (event_shape.hpp).
#include "base/secret.hpp"
#include "providers/event_shape.hpp"
#include "providers/gemini/answer.hpp"
#include "providers/gemini/citations.hpp"
#include "providers/gemini/error.hpp"
#include "providers/gemini/field.hpp"
#include "providers/gemini/finish.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/usage_metadata.hpp"
#include "providers/sse_splitter.hpp"

#include <algorithm>

namespace switchyard::providers::gemini {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::json_text;
using neutral::part_kind;

constexpr std::size_t most_candidates = 64;

class reader final : public stream_reader {
 public:
  explicit reader(std::string_view credential) : credential_(std::string(credential)) {}

  [[nodiscard]] std::optional<failure> feed(std::string_view bytes, std::vector<event>& out) override {
    begin(out);
    splitter_.feed(bytes);
    for (sse_piece piece; splitter_.next(piece);)
      if (auto problem = take(piece.bytes)) return problem;
    if (splitter_.overlong()) return bad_response("the provider sent an event of more than 8 MiB");
    return std::nullopt;
  }

  void close(std::vector<event>& out) override {
    begin(out);
    splitter_.feed({});   // lets go of the last feed's bytes, which are gone
    if (const auto rest = splitter_.take_pending(); !rest.empty())
      if (take(rest)) return;
    if (!is_whole()) return;
    if (candidates_.empty()) candidates_.emplace_back().finish = neutral::finish_reason::content_filter;
    for (std::size_t n = 0; n < candidates_.size(); ++n) {
      auto& candidate = candidates_[n];
      if (!candidate.begun && n > 0) continue;   // an index nobody used
      end_part(candidate, n);
      if (blocked_ && candidate.finish == neutral::finish_reason::none) candidate.finish = neutral::finish_reason::content_filter;
      auto& finish = add(event_kind::finish, n);
      const bool calls = candidate.finish == neutral::finish_reason::stop && candidate.calls;
      finish.finish = calls ? neutral::finish_reason::tool_calls : candidate.finish;
    }
    if (counted_) add(event_kind::counts, 0).usage = usage_;
    add(event_kind::end, 0);
  }

 private:
  struct candidate_state {
    bool begun = false;
    bool calls = false;
    bool open = false;                 // a text or reasoning part is
    part_kind kind = part_kind::text;  // of the open part
    std::uint32_t next = 0;            // index of the next part
    text_index text;
    neutral::finish_reason finish = neutral::finish_reason::none;
  };

  /// Every candidate that began has finished, or the prompt was blocked.
  [[nodiscard]] bool is_whole() const noexcept {
    if (blocked_) return true;
    const auto is_open = [](const candidate_state& c) { return c.begun && c.finish == neutral::finish_reason::none; };
    return !candidates_.empty() && std::none_of(candidates_.begin(), candidates_.end(), is_open);
  }

  void begin(std::vector<event>& out) {
    out_ = &out;
    if (texts_used_) texts_ = neutral::arena{};
    texts_used_ = false;
    joined_.clear();
  }

  event& add(event_kind kind, std::size_t choice) {
    auto& out = out_->emplace_back();
    out.kind = kind;
    out.choice = static_cast<std::uint32_t>(choice);
    return out;
  }

  [[nodiscard]] std::optional<failure> take(std::string_view piece) {
    if (event_shape::values seen; shape_.matches(piece, seen) && json::has_text(seen[0])) {   // more of what the last one said, and new counts
      text(candidates_[shape_candidate_], shape_candidate_, candidates_[shape_candidate_].kind, seen[0], {});
      if (!seen[1].empty()) count(seen[1]);
      return std::nullopt;
    }
    shape_.forget();
    const auto before = out_->size();
    has_more_ = false;
    auto problem = read_fields(piece);
    if (!problem && out_->size() > before) remember(piece, before);
    return problem;
  }

  /// An event of nothing but more text (and counts) need not be read again.
  void remember(std::string_view piece, std::size_t before) {
    const auto& made = (*out_)[before];
    const bool text_alone = made.kind == event_kind::delta && !made.text.empty() && made.signature.empty() && made.citations.empty() && made.logprobs.empty();
    const auto more = out_->size() - before - 1;
    if (!text_alone || more > 1 || (more == 1 && out_->back().kind != event_kind::counts)) return;
    if (has_more_ || made.choice >= candidates_.size() || candidates_[made.choice].finish != neutral::finish_reason::none || blocked_) return;
    shape_candidate_ = made.choice;
    shape_.remember(piece, {made.text, usage_text_});
  }

  void count(std::string_view usage) {
    if (usage == last_usage_) return;
    last_usage_ = usage;
    usage_ = read_usage_metadata(usage);
    counted_ = true;
    add(event_kind::counts, 0).usage = usage_;
  }

  [[nodiscard]] std::optional<failure> read_fields(std::string_view piece) {
    // Events of one feed may each need to be joined; most are one line and stay where they are.
    auto fields = read_sse_fields(piece, joined_);
    if (const auto bare = bare_json(piece); !fields.has_data && !bare.empty()) return read(bare);
    if (!fields.has_data || fields.data.empty()) return std::nullopt;
    if (!joined_.empty()) {
      fields.data = texts_.keep(std::move(joined_));
      joined_.clear();
      texts_used_ = true;
    }
    return read(fields.data);
  }

  [[nodiscard]] std::optional<failure> read(std::string_view data) {
    std::string_view candidates, usage, feedback, id, model;
    bool failed = json::is_array(data);
    json::members walk(data);
    for (json::member m; walk.next(m);) {
      if (m.name == "candidates") candidates = m.value;
      else if (is_field(m.name, "usageMetadata")) usage = m.value;
      else if (is_field(m.name, "promptFeedback")) feedback = m.value;
      else if (is_field(m.name, "modelVersion")) model = m.value;
      else if (is_field(m.name, "responseId")) id = m.value;
      else if (m.name == "error") failed |= json::has_entries(m.value) || json::has_text(m.value);
    }
    if (failed) return judge_error(0, data, {}, wall_time{}, credential_.reveal());
    if (!walk.ok()) return bad_response("the provider sent an event that is not a JSON object");
    if (!started_) {
      started_ = true;
      ids_ = call_ids(base_of_ids(id));
      auto& start = add(event_kind::start, 0);
      start.id = json::is_string(id) ? id : json_text{};
      start.model = json::is_string(model) ? model : json_text{};
    }
    for_each(candidates, [&](std::string_view candidate) { return read_candidate(candidate), true; });
    if (json::has_text(find_field(feedback, "blockReason"))) read_block(feedback);
    usage_text_ = json::is_object(usage) ? usage : std::string_view{};
    if (!usage_text_.empty()) count(usage_text_);
    return std::nullopt;
  }

  void read_block(std::string_view feedback) {
    blocked_ = true;
    const auto message = find_field(feedback, "blockReasonMessage");
    if (!json::has_text(message)) return;
    if (candidates_.empty()) candidates_.emplace_back();
    text(candidates_.front(), 0, part_kind::refusal, message, {});
  }

  void read_candidate(std::string_view object) {
    std::size_t index = 0;
    std::string_view content, finish, grounding, citation, logprobs;
    json::members walk(object);
    for (json::member m; walk.next(m);) {
      if (m.name == "index") index = static_cast<std::size_t>(json::as_count(m.value).value_or(0));
      else if (m.name == "content") content = m.value;
      else if (is_field(m.name, "finishReason")) finish = m.value;
      else if (is_field(m.name, "groundingMetadata")) grounding = m.value;
      else if (is_field(m.name, "citationMetadata")) citation = m.value;
      else if (is_field(m.name, "logprobsResult")) logprobs = m.value;
    }
    has_more_ |= !grounding.empty() || !citation.empty() || !logprobs.empty();
    index = std::min(index, most_candidates - 1);
    if (index >= candidates_.size()) candidates_.resize(index + 1);
    auto& candidate = candidates_[index];
    candidate.begun = true;
    for_each(find_field(content, "parts"), [&](std::string_view part) { return read_part(candidate, index, part), true; });
    if (json::is_object(logprobs)) {
      if (const auto found = read_logprobs(logprobs, texts_); !found.empty()) delta(candidate, index).logprobs = found;
      texts_used_ = true;
    }
    if (json::is_object(grounding) || json::is_object(citation)) {
      const auto found = read_citations(grounding, citation, candidate.text, texts_);
      if (!found.empty()) delta(candidate, index).citations = found;
      texts_used_ = true;
    }
    if (json::has_text(finish)) candidate.finish = read_finish(finish, candidate.calls);
  }

  void read_part(candidate_state& candidate, std::size_t choice, std::string_view object) {
    neutral::part part;
    unknown_.clear();
    const bool known = gemini::read_part(object, texts_, ids_, {}, part, unknown_);
    texts_used_ |= !unknown_.empty() || (part.kind != part_kind::text && part.kind != part_kind::reasoning);
    if (!known) return;
    switch (part.kind) {
      case part_kind::text:
      case part_kind::reasoning: return text(candidate, choice, part.kind, part.text, part.signature);
      case part_kind::tool_call: {
        candidate.calls = true;
        const auto arguments = texts_.quote(part.arguments);
        part.arguments = {};
        const auto index = whole(candidate, choice, std::move(part));
        auto& all = add(event_kind::delta, choice);
        all.index = index;
        all.text = arguments;
        add(event_kind::part_end, choice).index = index;
        return;
      }
      default: {
        const auto index = whole(candidate, choice, std::move(part));
        add(event_kind::part_end, choice).index = index;
      }
    }
  }

  /// Begins a part that closes the one that is open.
  std::uint32_t whole(candidate_state& candidate, std::size_t choice, neutral::part part) {
    end_part(candidate, choice);
    auto& begun = add(event_kind::part_begin, choice);
    begun.index = candidate.next++;
    begun.part = std::move(part);
    return begun.index;
  }

  void text(candidate_state& candidate, std::size_t choice, part_kind kind, json_text text, json_text signature) {
    if (!json::has_text(text) && signature.empty()) return;
    if (kind == part_kind::text) candidate.text.add(text);
    auto& out = delta(candidate, choice, kind);
    out.text = text;
    out.signature = signature;
  }

  /// A delta of the open part; another kind is closed before, and none begun.
  event& delta(candidate_state& candidate, std::size_t choice, part_kind kind = part_kind::text) {
    if (!candidate.open || candidate.kind != kind) {
      neutral::part part;
      part.kind = kind;
      (void)whole(candidate, choice, std::move(part));
      candidate.open = true;
      candidate.kind = kind;
    }
    auto& out = add(event_kind::delta, choice);
    out.index = candidate.next - 1;
    return out;
  }

  void end_part(candidate_state& candidate, std::size_t choice) {
    if (!candidate.open) return;
    candidate.open = false;
    add(event_kind::part_end, choice).index = candidate.next - 1;
  }

  secret credential_;
  sse_splitter splitter_;
  neutral::arena texts_;              // of the events since the last feed
  bool texts_used_ = false;
  std::string joined_;
  std::vector<std::string_view> unknown_;
  std::vector<event>* out_ = nullptr;
  call_ids ids_{"gemini"};
  std::vector<candidate_state> candidates_;
  neutral::token_counts usage_;
  std::string last_usage_;            // the object it was read from
  std::string_view usage_text_;       // of the event being read
  bool has_more_ = false;             // it says more of its text
  event_shape shape_;                 // of the last event, if it had text (and counts) and nothing else
  std::uint32_t shape_candidate_ = 0;
  bool started_ = false;
  bool counted_ = false;
  bool blocked_ = false;
};

}  // namespace

std::unique_ptr<stream_reader> open_reader(std::string_view credential) { return std::make_unique<reader>(credential); }

}  // namespace switchyard::providers::gemini

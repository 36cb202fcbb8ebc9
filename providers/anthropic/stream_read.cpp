// A provider's stream as neutral events (its grammar stands in stream.cpp).
//
// A delta that differs from the one before in its text alone is not read again (event_shape.hpp).
//
// Blocks only Anthropic knows are kept until they are whole (8 MiB at most): their input, streamed as pieces of JSON, is put back in.
#include "base/secret.hpp"
#include "providers/anthropic/blocks.hpp"
#include "providers/anthropic/counts.hpp"
#include "providers/anthropic/error.hpp"
#include "providers/anthropic/messages.hpp"
#include "providers/event_shape.hpp"
#include "providers/sse_splitter.hpp"

#include <algorithm>

namespace switchyard::providers::anthropic {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::part_kind;

constexpr std::size_t longest_foreign = 8u << 20;

class reader final : public stream_reader {
 public:
  explicit reader(std::string_view credential) : credential_(std::string(credential)) {}

  std::optional<failure> feed(std::string_view bytes, std::vector<event>& out) override {
    if (ended_ || problem_) return std::nullopt;
    texts_.reset();   // what the last feed's events pointed to may go
    out_ = &out;
    splitter_.feed(bytes);
    for (sse_piece piece; !ended_ && !problem_ && splitter_.next(piece);)
      if (!piece.completes_last) take(piece.bytes);
    if (!problem_ && !ended_ && splitter_.overlong()) problem_ = bad_response("the provider sent an event of more than 8 MiB");
    return problem_;
  }

  /// Without message_stop it is not whole; some forget the blank line after it.
  void close(std::vector<event>& out) override {
    if (ended_ || problem_) return;
    const auto fields = read_sse_fields(splitter_.pending(), joined_data_);
    if (!json::is_text(json::find(fields.data, "type"), "message_stop")) return;
    out_ = &out;
    end();
  }

 private:
  /// A block that has begun and not ended.
  struct open_block {
    std::int64_t source = 0;     ///< its index in the stream
    std::uint32_t index = 0;     ///< ours
    part_kind kind = part_kind::text;
    std::string original;        ///< foreign: the block as it began
    std::string input;           ///< foreign: pieces of its input's JSON
  };

  void take(std::string_view bytes) {
    if (event_shape::values seen; shape_.matches(bytes, seen) && json::has_text(seen[0])) {   // more of the block that the last one was about
      emit(event_kind::delta, out_block_).text = seen[0];
      return;
    }
    shape_.forget();
    const auto before = out_->size();
    read(bytes);
    if (out_->size() != before + 1) return;
    const auto& only = out_->back();
    if (only.kind != event_kind::delta || only.text.empty() || !only.signature.empty() || !only.citations.empty()) return;
    out_block_ = only.index;
    shape_.remember(bytes, {only.text});
  }

  void read(std::string_view bytes) {
    auto fields = read_sse_fields(bytes, joined_data_);
    if (fields.event == "error") return fail(fields.data.empty() ? "{}" : fields.data);
    if (!fields.has_data || fields.data.empty()) return;
    if (fields.data.data() == joined_data_.data()) fields.data = texts().keep(std::move(joined_data_));
    std::string_view type, index, message, block, delta, figures, error;
    json::members walk(fields.data);
    for (json::member m; walk.next(m);) {
      if (m.name == "type") type = json::inside(m.value);
      else if (m.name == "index") index = m.value;
      else if (m.name == "message") message = m.value;
      else if (m.name == "content_block") block = m.value;
      else if (m.name == "delta") delta = m.value;
      else if (m.name == "usage") figures = m.value;
      else if (m.name == "error") error = m.value;
    }
    if (!walk.ok()) {
      problem_ = bad_response("the provider sent an event that is not a JSON object");
      return;
    }
    if (type == "error" || (type.empty() && json::has_entries(error))) return fail(fields.data);
    const auto at = json::as_count(index).value_or(0);
    if (type == "message_start") start(message);
    else if (type == "content_block_start") begin(at, block);
    else if (type == "content_block_delta") more(at, delta);
    else if (type == "content_block_stop") stop(at);
    else if (type == "message_delta") finish(delta, figures);
    else if (type == "message_stop") end();
  }

  /// Made when it is needed: most feeds only slice.
  [[nodiscard]] neutral::arena& texts() { return texts_ ? *texts_ : texts_.emplace(); }

  void fail(std::string_view body) { problem_ = judge_anthropic_error(0, body, {}, wall_time{}, credential_.reveal()); }

  event& emit(event_kind kind, std::uint32_t index = 0) {
    auto& made = out_->emplace_back();
    made.kind = kind;
    made.index = index;
    return made;
  }

  void start(std::string_view message) {
    const auto figures = json::find(message, "usage");
    counts_.read(figures);
    auto& made = emit(event_kind::start);
    made.id = json::find(message, "id");
    made.model = json::find(message, "model");
    made.usage = counts_.as_counts();
    if (const auto tier = json::find(figures, "service_tier"); json::is_string(tier)) made.service_tier = tier;
  }

  void begin(std::int64_t source, std::string_view block) {
    stop(source);   // a server that forgot to end it
    std::vector<std::string_view> unknown;
    auto part = read_block(block, {texts(), unknown});
    auto& opened = open_.emplace_back();
    opened.source = source;
    opened.index = next_index_++;
    opened.kind = part.kind;
    if (part.kind == part_kind::foreign || part.kind == part_kind::file || part.kind == part_kind::image) {
      opened.kind = part_kind::foreign;
      opened.original = block;
      return;
    }
    // What a block begins with is its first delta; Anthropic's begin empty.
    const auto first_text = json::has_text(part.text) ? part.text : std::string_view{};
    const auto first_arguments = json::has_entries(part.arguments) ? part.arguments : std::string_view{};
    const auto citations = part.citations;
    part.text = part.arguments = part.citations = {};
    emit(event_kind::part_begin, opened.index).part = std::move(part);
    if (!first_text.empty() || !citations.empty()) {
      auto& made = emit(event_kind::delta, opened.index);
      made.text = first_text;
      made.citations = citations;
    }
    if (!first_arguments.empty()) emit(event_kind::delta, opened.index).text = texts().quote(first_arguments);
  }

  [[nodiscard]] open_block* find(std::int64_t source) noexcept {
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const open_block& b) { return b.source == source; });
    return found == open_.end() ? nullptr : &*found;
  }

  void more(std::int64_t source, std::string_view delta) {
    auto* block = find(source);
    if (block == nullptr) {
      problem_ = bad_response("the provider continued a content block that was not begun");
      return;
    }
    std::string_view text, signature, citation;
    json::members walk(delta);
    for (json::member m; walk.next(m);) {
      if (m.name == "text" || m.name == "thinking" || m.name == "partial_json") text = m.value;
      else if (m.name == "signature") signature = m.value;
      else if (m.name == "citation") citation = m.value;
    }
    if (block->kind == part_kind::foreign) {
      if (json::is_string(text)) block->input += json::unescape(text);
      if (block->input.size() > longest_foreign) problem_ = bad_response("the provider sent a content block of more than 8 MiB");
      return;
    }
    if (!json::has_text(text) && !json::has_text(signature) && !json::is_object(citation)) return;
    auto& made = emit(event_kind::delta, block->index);
    if (json::has_text(text)) made.text = text;
    if (json::has_text(signature)) made.signature = signature;
    if (json::is_object(citation)) made.citations = texts().keep("[" + neutral_citation(citation) + "]");
  }

  void stop(std::int64_t source) {
    if (auto* block = find(source); block != nullptr) {
      stop(*block);
      open_.erase(open_.begin() + (block - open_.data()));
    }
  }

  void stop(open_block& block) {
    if (block.kind == part_kind::foreign) {
      std::vector<std::string_view> unknown;
      const auto whole = texts().keep(with_input(block));
      auto& part = emit(event_kind::part_begin, block.index).part;
      part = read_block(whole, {texts(), unknown});
    }
    emit(event_kind::part_end, block.index);
  }

  /// The block with the input its deltas made.
  [[nodiscard]] static std::string with_input(const open_block& block) {
    if (block.input.empty()) return block.original;
    json::members walk(block.original);
    for (json::member m; walk.next(m);)
      if (m.name == "input")
        return block.original.substr(0, m.value_begin) + block.input + block.original.substr(m.end);
    return block.original;
  }

  void stop_all() {
    for (auto& block : open_) stop(block);
    open_.clear();
  }

  void finish(std::string_view delta, std::string_view figures) {
    counts_.read(figures);
    const auto reason = json::find(delta, "stop_reason");
    if (json::has_text(reason) && !finished_) {
      stop_all();
      finished_ = true;
      auto& made = emit(event_kind::finish);
      made.finish = finish_of(json::inside(reason));
      if (const auto which = json::find(delta, "stop_sequence"); json::is_string(which)) made.stop_sequence = which;
    }
    emit(event_kind::counts).usage = counts_.as_counts();
  }

  void end() {
    stop_all();
    if (!finished_) emit(event_kind::finish).finish = neutral::finish_reason::stop;
    ended_ = true;
    emit(event_kind::end);
  }

  secret credential_;
  sse_splitter splitter_;
  std::string joined_data_;
  std::optional<neutral::arena> texts_;
  std::vector<event>* out_ = nullptr;
  std::vector<open_block> open_;
  reported_counts counts_;
  event_shape shape_;            // of the last event, if it was a delta of text alone
  std::uint32_t out_block_ = 0;  // which block it was about
  std::uint32_t next_index_ = 0;
  bool finished_ = false;
  bool ended_ = false;
  std::optional<failure> problem_;
};

}  // namespace

std::unique_ptr<stream_reader> open_message_reader(std::string_view credential) { return std::make_unique<reader>(credential); }

}  // namespace switchyard::providers::anthropic

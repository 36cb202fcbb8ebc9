#include "providers/translation.hpp"

#include "providers/failure.hpp"
#include "providers/json_out.hpp"
#include "providers/registry.hpp"
#include "providers/token_estimate.hpp"

namespace switchyard::providers {

namespace {

using neutral::event;
using neutral::event_kind;

/// Later figures replace earlier ones; what is not said stays.
void merge(const neutral::token_counts& counts, usage& into) noexcept {
  if (counts.input) into.input = counts.input;
  if (counts.output) into.output = counts.output;
  if (counts.cached_input) into.cached_input = counts.cached_input;
  if (counts.cache_write) into.cache_write = counts.cache_write;
  if (counts.input_audio) into.audio_input = counts.input_audio;
  if (counts.output_audio) into.audio_output = counts.output_audio;
}

[[nodiscard]] bool is_picture(const neutral::part& what) noexcept {
  return what.kind == neutral::part_kind::image && (!what.data.empty() || !what.url.empty());
}

[[nodiscard]] usage usage_of(const neutral::token_counts& counts) noexcept {
  usage out;
  merge(counts, out);
  return out;
}

/// What the client waits for: anything it can show or act on.
[[nodiscard]] bool is_content(const event& what) noexcept {
  switch (what.kind) {
    case event_kind::part_begin:
      return what.part.kind != neutral::part_kind::text && what.part.kind != neutral::part_kind::reasoning;
    case event_kind::delta: return json::has_text(what.text) || !what.signature.empty();
    case event_kind::finish: return true;
    default: return false;
  }
}

constexpr std::size_t most_kept = 64u << 10;   // of the room for one step's bytes

class translating_stream final : public stream_decoder {
 public:
  translating_stream(std::unique_ptr<stream_reader> reader, const dialect& to, const answer_context& context)
      : reader_(std::move(reader)), to_(to), writer_(to.open_writer(context)) {
    writer_->lend_to(&lent_);
  }

  const stream_step& feed(std::string_view bytes) override {
    begin_step();
    if (step_.problem || step_.finished) return step_;
    auto problem = reader_->feed(bytes, events_);
    take_events();
    if (problem) {
      problem->body_for_client.clear();   // it is in the provider's format
      step_.problem = std::move(problem);
    }
    return step_;
  }

  const stream_step& close() override {
    begin_step();
    if (step_.problem || step_.finished) return step_;
    reader_->close(events_);
    take_events();
    return step_;
  }

  const stream_step& more() override {
    step_.forward.clear();
    step_.more = unpacker_.give(step_.forward);
    return step_;
  }

  [[nodiscard]] const usage& reported() const noexcept override { return usage_; }
  [[nodiscard]] std::int64_t estimated_output_tokens() const noexcept override { return output_tokens_; }
  [[nodiscard]] std::string failure_event(const error& what) override {
    writer_->lend_to(nullptr);   // a failure is one piece
    std::string out;
    writer_->fail(what, out);
    return out;
  }
  [[nodiscard]] std::string lost() const override { return lost_.list(); }

 private:
  void begin_step() {
    step_.forward.clear();
    events_.clear();
    out_.clear();
    if (out_.capacity() > most_kept) std::string().swap(out_);   // one large event is no reason to keep its room
    if (!lent_.empty()) {
      lent_.clear();
      unpacker_.clear();
    }
    step_.more = false;
  }

  void take_events() {
    for (const auto& what : events_) {
      step_.content = step_.content || is_content(what);
      if (what.kind == event_kind::delta) output_tokens_ += estimate_json_string_tokens(json::inside(what.text));
      if (what.kind == event_kind::start || what.kind == event_kind::counts) merge(what.usage, usage_);
      if (what.kind == event_kind::part_begin) {
        usage_.images += is_picture(what.part);
        note_if_lost(to_, what.part, true, lost_);
      }
      if (what.kind == event_kind::end) step_.finished = true;
      writer_->write(what, out_);
    }
    if (!lent_.empty()) return take_lent();
    if (!out_.empty()) step_.forward.push_back(out_);
  }

  void take_lent() {
    const std::string_view written = out_;
    std::size_t at = 0;
    for (const auto& held : lent_) {
      if (held.at > at) unpacker_.add({written.substr(at, held.at - at)});
      unpacker_.add(held.what);
      at = held.at;
    }
    if (at < written.size()) unpacker_.add({written.substr(at)});
    (void)more();
  }

  std::unique_ptr<stream_reader> reader_;
  const dialect& to_;
  std::unique_ptr<stream_writer> writer_;
  std::vector<event> events_;
  std::string out_;
  std::vector<lent_text> lent_;
  unpacker unpacker_;
  stream_step step_;
  usage usage_;
  neutral::dropped_fields lost_;
  std::int64_t output_tokens_ = 0;
};

[[nodiscard]] error cannot_embed(const call_target& where) {
  return client_error(error_code::invalid_request, "provider '" + where.provider->name + "' has no embeddings API that this request can be translated to",
                      "model");
}

[[nodiscard]] answer_context with_asked(answer_context context, neutral_view& asked) {
  if (const auto& request = asked.generation()) {
    context.asked = &*request;
    context.include_usage = request->wants_usage;
  }
  return context;
}

/// What there is to say of an answer beside its body.
void take_note(const neutral::answer& whole, const dialect& to, bool in_stream, translated_answer& out) {
  out.counts = usage_of(whole.usage);
  for (const auto& choice : whole.choices)
    for (const auto& part : choice.parts) {
      out.counts.images += is_picture(part);
      note_if_lost(to, part, in_stream, out.lost);
    }
}

}  // namespace

void write_as_stream(const neutral::answer& whole, stream_writer& writer, std::string& out) {
  const auto write = [&](const event& what) { writer.write(what, out); };
  write({.kind = event_kind::start, .id = whole.id, .model = whole.model, .created = whole.created, .service_tier = whole.service_tier});
  for (std::uint32_t choice = 0; choice < whole.choices.size(); ++choice) {
    const auto& from = whole.choices[choice];
    for (std::uint32_t index = 0; index < from.parts.size(); ++index) {
      const auto& part = from.parts[index];
      event begin{.kind = event_kind::part_begin, .choice = choice, .index = index, .part = part};
      begin.part.text = begin.part.arguments = {};
      write(begin);
      const bool is_call = part.kind == neutral::part_kind::tool_call;
      event more{.kind = event_kind::delta, .choice = choice, .index = index, .text = part.text, .signature = part.signature,
                 .citations = part.citations, .logprobs = from.logprobs};
      std::string arguments;
      if (is_call && !json::is_string(part.arguments)) {
        json::append_string(arguments, part.arguments.empty() ? std::string_view("{}") : part.arguments);
        more.text = arguments;
      } else if (is_call) {
        more.text = part.arguments;
      }
      if (is_call) more.signature = {};   // it came with part_begin
      if (!more.text.empty() || !more.signature.empty() || !more.citations.empty()) write(more);
      write({.kind = event_kind::part_end, .choice = choice, .index = index});
    }
    write({.kind = event_kind::finish, .choice = choice, .finish = from.finish, .stop_sequence = from.stop_sequence});
  }
  write({.kind = event_kind::counts, .usage = whole.usage});
  write({.kind = event_kind::end});
}

const result<neutral::request>& neutral_view::generation() {
  if (!generation_) {
    texts_ = std::make_unique<neutral::arena>();
    generation_ = dialect_of(request_.operation)->read_request(request_.body, *texts_);
    if (*generation_) (*generation_)->stream = request_.stream;
  }
  return *generation_;
}

const result<neutral::embedding_request>& neutral_view::embedding() {
  if (!embedding_) {
    texts_ = std::make_unique<neutral::arena>();
    embedding_ = embedding_dialect_of(request_.operation)->read_request(request_.body, *texts_);
  }
  return *embedding_;
}

result<upstream_request> translate_request(const api_request& request, neutral_view& asked, const wire& to, const call_target& where,
                                           neutral::dropped_fields& dropped) {
  auto body = std::make_unique<std::string>();
  body->reserve(request.body.size() + request.body.size() / 8 + 256);
  const write_target target{where.model, where.provider};
  upstream_request out;
  purpose what_for = purpose::generate;
  if (is_embedding(request.operation)) {
    what_for = purpose::embed;
    const auto* grammar = to.native_embedding();
    if (grammar == nullptr) return cannot_embed(where);
    const auto& read = asked.embedding();
    if (!read) return read.failure();
    if (auto written = grammar->write_request(*read, target, *body, dropped); !written) return written.failure();
  } else {
    const auto& read = asked.generation();
    if (!read) return read.failure();
    if (auto written = to.native(*where.provider).write_request(*read, target, *body, dropped); !written) return written.failure();
  }
  out.body.push_back(*body);
  out.storage.push_back(std::move(body));
  to.address(out, what_for, request.stream, where);
  return out;
}

result<translated_answer> translate_answer(const api_request& request, neutral_view& asked, const wire& from, const config::provider_config& provider, std::string_view body,
                                           const answer_context& context) {
  if (auto valid = valid_json(body); !valid) return valid.failure();
  neutral::arena texts;
  translated_answer out;
  if (is_embedding(request.operation)) {
    auto read = from.native_embedding()->read_answer(body, texts);
    if (!read) return read.failure();
    out.counts = usage_of(read->usage);
    embedding_dialect_of(request.operation)->write_answer(*read, *asked.embedding(), context, out.body);
    return out;
  }
  auto read = from.native(provider).read_answer(body, texts);
  if (!read) return read.failure();
  const auto& to = *dialect_of(request.operation);
  take_note(*read, to, false, out);
  out.body.reserve(body.size() + 512);
  to.write_answer(*read, with_asked(context, asked), out.body);
  return out;
}

result<translated_answer> translate_answer_to_stream(const api_request& request, neutral_view& asked, const wire& from, const config::provider_config& provider, std::string_view body,
                                                     const answer_context& context) {
  if (auto valid = valid_json(body); !valid) return valid.failure();
  neutral::arena texts;
  auto read = from.native(provider).read_answer(body, texts);
  if (!read) return read.failure();
  translated_answer out;
  const auto& to = *dialect_of(request.operation);
  take_note(*read, to, true, out);
  const auto writer = to.open_writer(with_asked(context, asked));
  write_as_stream(*read, *writer, out.body);
  return out;
}

std::unique_ptr<stream_decoder> translate_stream(const api_request& request, neutral_view& asked, const wire& from, const config::provider_config& provider, const answer_context& context,
                                                 std::string_view credential) {
  return std::make_unique<translating_stream>(from.native(provider).open_reader(credential), *dialect_of(request.operation), with_asked(context, asked));
}

}  // namespace switchyard::providers

#include "providers/stored_answer.hpp"

#include "providers/failure.hpp"
#include "providers/json_scan.hpp"
#include "providers/registry.hpp"

#include <algorithm>
#include <map>

namespace switchyard::providers {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::finish_reason;
using neutral::part_kind;

/// Puts a stream's events together again. Only what a complete text answer is made of; anything else makes it give up.
class gathering {
 public:
  void add(const event& what) {
    switch (what.kind) {
      case event_kind::start:
        whole_.id = texts_.keep(std::string(what.id));
        whole_.model = texts_.keep(std::string(what.model));
        whole_.created = what.created;
        whole_.service_tier = texts_.keep(std::string(what.service_tier));
        counts(what.usage);
        return;
      case event_kind::part_begin: {
        auto& part = parts_[{what.choice, what.index}];
        part.kind = what.part.kind;
        possible_ = possible_ && (part.kind == part_kind::text || part.kind == part_kind::reasoning);
        return;
      }
      case event_kind::delta: {
        auto& part = parts_[{what.choice, what.index}];
        if (json::is_string(what.text)) part.text += what.text.substr(1, what.text.size() - 2);
        possible_ = possible_ && what.citations.empty() && what.logprobs.empty();
        if (!what.signature.empty()) part.signature = std::string(what.signature);
        return;
      }
      case event_kind::finish: finishes_[what.choice] = {what.finish, std::string(what.stop_sequence)}; return;
      case event_kind::counts: counts(what.usage); return;
      case event_kind::end: ended_ = true; return;
      case event_kind::part_end: return;
    }
  }

  /// nullptr: it did not come to an answer.
  const neutral::answer* done(const usage& counts) {
    if (!ended_ || !possible_ || finishes_.empty()) return nullptr;
    whole_.choices.resize(finishes_.rbegin()->first + 1);
    for (const auto& [place, made] : parts_) {
      if (place.first >= whole_.choices.size()) return nullptr;
      neutral::part part;
      part.kind = made.kind;
      part.text = texts_.keep('"' + made.text + '"');
      if (!made.signature.empty()) part.signature = texts_.keep(made.signature);
      whole_.choices[place.first].parts.push_back(part);
    }
    for (const auto& [choice, finish] : finishes_) {
      whole_.choices[choice].finish = finish.first;
      whole_.choices[choice].stop_sequence = texts_.keep(finish.second);
    }
    if (!whole_.usage.input) whole_.usage.input = counts.input;
    if (!whole_.usage.output) whole_.usage.output = counts.output;
    if (!whole_.usage.cached_input) whole_.usage.cached_input = counts.cached_input;
    return &whole_;
  }

 private:
  struct made_part {
    part_kind kind = part_kind::text;
    std::string text;                            // the inside of JSON strings: joining them joins what they say
    std::string signature;
  };
  void counts(const neutral::token_counts& now) {
    if (now.input) whole_.usage.input = now.input;
    if (now.output) whole_.usage.output = now.output;
    if (now.cached_input) whole_.usage.cached_input = now.cached_input;
    if (now.reasoning) whole_.usage.reasoning = now.reasoning;
  }

  neutral::arena texts_;
  neutral::answer whole_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, made_part> parts_;
  std::map<std::uint32_t, std::pair<finish_reason, std::string>> finishes_;
  bool possible_ = true;
  bool ended_ = false;
};

answer_context with_asked(answer_context context, neutral_view& asked) {
  if (const auto& request = asked.generation()) {
    context.asked = &*request;
    context.include_usage = request->wants_usage;
  }
  return context;
}

}  // namespace

std::optional<answer_facts> read_facts(api operation, std::string_view body) {
  const auto* grammar = dialect_of(operation);
  if (grammar == nullptr || !valid_json(body)) return std::nullopt;
  neutral::arena texts;
  const auto read = grammar->read_answer(body, texts);
  if (!read) return std::nullopt;
  answer_facts out;
  out.complete = !read->choices.empty();
  for (const auto& choice : read->choices) {
    const bool ended = choice.finish == finish_reason::stop || choice.finish == finish_reason::stop_sequence;
    const bool plain = std::all_of(choice.parts.begin(), choice.parts.end(), [](const auto& part) { return part.kind == part_kind::text || part.kind == part_kind::reasoning; });
    const bool says = std::any_of(choice.parts.begin(), choice.parts.end(), [](const auto& part) { return part.kind == part_kind::text && json::has_text(part.text); });
    out.complete = out.complete && ended && plain && says;
  }
  if (!read->choices.empty())
    for (const auto& part : read->choices.front().parts)
      if (part.kind == part_kind::text) out.text += json::unescape(part.text);
  return out;
}

std::optional<std::string> stream_to_answer(const api_request& request, neutral_view& asked, std::string_view stream, const usage& counts,
                                            const answer_context& context) {
  const auto* grammar = dialect_of(request.operation);
  if (grammar == nullptr) return std::nullopt;
  const auto reader = grammar->open_reader({});
  gathering together;
  std::vector<event> events;
  const auto take = [&] {
    for (const auto& what : events) together.add(what);
    events.clear();
  };
  if (reader->feed(stream, events)) return std::nullopt;
  take();
  reader->close(events);
  take();
  const auto* whole = together.done(counts);
  if (whole == nullptr) return std::nullopt;
  std::string out;
  grammar->write_answer(*whole, with_asked(context, asked), out);
  return out;
}

result<std::string> answer_to_stream(const api_request& request, neutral_view& asked, std::string_view body, answer_context context) {
  const auto* grammar = dialect_of(request.operation);
  if (grammar == nullptr || !valid_json(body)) return internal_error("a stored answer cannot be read");
  neutral::arena texts;
  auto read = grammar->read_answer(body, texts);
  if (!read) return read.failure();
  std::string out;
  const auto writer = grammar->open_writer(with_asked(context, asked));
  write_as_stream(*read, *writer, out);
  return out;
}

}  // namespace switchyard::providers

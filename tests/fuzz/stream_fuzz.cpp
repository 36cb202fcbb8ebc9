// A provider's stream relayed to a client of the same format. Byte 0: the format, its high bits whether usage is hidden and whether lines
// become frames (stream_text.hpp); then where it is cut; the rest is the stream.
#include "tests/fuzz/stream_text.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::fuzz;

namespace {

struct followed {
  std::string forwarded, closing;   // as it came; and what the clean end made of it
  bool content = false, finished = false, problem = false;
  std::int64_t input = -1, estimate = 0;
  friend bool operator==(const followed&, const followed&) = default;
};

followed follow(const wire& from, api operation, bool hide, std::string_view text, const cuts* where) {
  const auto decoder = from.open_stream(operation, hide, credential);
  followed out;
  const auto note = [&](const stream_step& step) {
    take_all(*decoder, step, [&](const stream_step& each) {
      for (const auto part : each.forward) out.forwarded += part;
    });
    require(!out.content || step.content);   // once seen, seen
    out.content = step.content;
    out.finished = step.finished;
    out.problem = step.problem.has_value();
    if (step.problem) {
      require(step.problem->what.message.find(credential) == std::string::npos);
      require(step.problem->body_for_client.find(credential) == std::string::npos);
    }
    return !step.problem;
  };
  if (where == nullptr) note(decoder->feed(text));
  else feed_cut(text, *where, [&](std::string_view piece) { return note(decoder->feed(piece)); });
  if (!out.problem && !out.finished) {
    const auto& last = decoder->close();
    for (const auto part : last.forward) out.closing += part;
    out.problem = last.problem.has_value();
    out.finished = last.finished;
  }
  out.input = decoder->reported().input.value_or(-1);
  out.estimate = decoder->estimated_output_tokens();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr api operations[] = {api::chat_completions, api::responses, api::completions, api::messages, api::generate_content, api::converse};
  constexpr config::wire_format formats[] = {config::wire_format::openai, config::wire_format::openai, config::wire_format::openai,
                                             config::wire_format::anthropic, config::wire_format::gemini, config::wire_format::bedrock};
  choices input(bytes, size);
  const auto which = input.byte();
  const bool hide = (which & 128) != 0;
  const auto at = (which & 63) % std::size(operations);
  const auto where = cuts::of(input);
  const bool framed = operations[at] == api::converse && (which & 64) != 0;
  const std::string text = framed ? as_frames(input.rest()) : std::string(input.rest());
  const auto& from = *find_wire(formats[at]);
  const auto whole = follow(from, operations[at], hide, text, nullptr);
  require(whole == follow(from, operations[at], hide, text, &where));
  if (!hide) require(text.starts_with(whole.forwarded));
  return 0;
}

// A provider's stream translated for a client of any format. Byte 0: the provider, its high bit whether lines become frames
// (stream_text.hpp); byte 1: the client; then where it is cut; the rest is the stream.
#include "tests/fuzz/clients.hpp"
#include "tests/fuzz/stream_text.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::fuzz;

namespace {

struct written {
  std::string text;
  bool content = false, finished = false, problem = false;
  std::int64_t input = -1, output = -1, estimate = 0;
  friend bool operator==(const written&, const written&) = default;
};

written translate(client& who, const config::provider_config& provider, std::string_view text, const cuts* where) {
  const auto decoder = translate_stream(who.request, *who.asked, *find_wire(provider.wire), provider, context_of(who), credential);
  written out;
  const auto note = [&](const stream_step& step) {
    take_all(*decoder, step, [&](const stream_step& each) {
      for (const auto part : each.forward) out.text += part;
    });
    out.content = step.content;
    out.finished = step.finished;
    if (!step.problem) return true;
    out.problem = true;
    require(step.problem->what.message.find(credential) == std::string::npos);
    out.text += decoder->failure_event(step.problem->what);
    return false;
  };
  if (where == nullptr) note(decoder->feed(text));
  else feed_cut(text, *where, [&](std::string_view piece) { return note(decoder->feed(piece)) && !out.finished; });
  if (!out.problem && !out.finished) note(decoder->close());
  out.input = decoder->reported().input.value_or(-1);
  out.output = decoder->reported().output.value_or(-1);
  out.estimate = decoder->estimated_output_tokens();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  choices input(bytes, size);
  const auto which = input.byte();
  const auto& provider = provider_of(which & 63);
  auto& who = client_of(input.byte());
  const auto where = cuts::of(input);
  const bool frames = provider.wire == config::wire_format::bedrock;
  const std::string text = frames && (which & 128) != 0 ? as_frames(input.rest()) : std::string(input.rest());
  const auto whole = translate(who, provider, text, nullptr);
  require(whole == translate(who, provider, text, &where));
  if (!is_well_formed(frames ? text : text + "\n\n", frames)) return 0;   // the end of a stream ends its last event, too
  if (who.request.as_array) {
    if (whole.finished) require(is_json(whole.text));
  } else {
    require(is_well_formed(whole.text, who.request.operation == api::converse));
  }
  return 0;
}

// A provider's complete answer: judged, read, and written for a client of another format. Byte 0: the provider; byte 1: the client;
// byte 2: what is done with it; then for errors two bytes of status, a length byte and a head field's value; the rest is the body.
#include "providers/failure.hpp"
#include "tests/fuzz/clients.hpp"
#include "tests/fuzz/stream_text.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::fuzz;

namespace {

void judge(const wire& from, choices input) {
  const auto high = input.byte();
  const int status = (high << 8 | input.byte()) % 600;
  const auto value = input.text();
  const header headers[] = {{"retry-after", value}, {"x-amzn-errortype", value}, {"x-ratelimit-reset-tokens", value}, {"content-type", "application/json"}};
  const auto seen = from.classify(status, headers, input.rest(), wall_time{}, credential);
  require(seen.retry_after >= milliseconds(0) && seen.retry_after <= std::chrono::hours(1));
  require(seen.what.message.find(credential) == std::string::npos);
  require(seen.body_for_client.find(credential) == std::string::npos);
  const int shown = http_status(seen.what);
  require(shown >= 400 && shown <= 599);
  require(seen.body_for_client.empty() || is_json(seen.body_for_client));
  for (const auto* format : {&openai_ingress(), &anthropic_ingress(), &gemini_ingress(), &bedrock_ingress()}) require(is_json(format->error_body(seen.what)));
}

void inspect(const wire& from, api operation, std::string_view body) {
  if (const auto seen = from.inspect(operation, body); !seen) require(bad_answer(seen.failure(), credential).what.message.find(credential) == std::string::npos);
}

void embed(const wire& from, std::string_view body) {
  const auto* grammar = from.native_embedding();
  if (grammar == nullptr || !is_object(body)) return;
  neutral::arena texts;
  const auto read = grammar->read_answer(body, texts);
  if (!read) return;
  neutral::embedding_request asked;
  for (const bool as_text : {false, true}) {
    asked.encoding_format = {as_text ? "\"base64\"" : "", "encoding_format"};
    for (const auto* to : {&openai_embedding_dialect(), &gemini_embedding_dialect(), &gemini_batch_embedding_dialect()}) {
      std::string written;
      to->write_answer(*read, asked, {.request_id = "r", .model = "m"}, written);
      require(is_json(written));
    }
  }
}

void translate(client& who, const config::provider_config& provider, std::string_view body) {
  const auto& from = *find_wire(provider.wire);
  const auto whole = translate_answer(who.request, *who.asked, from, provider, body, context_of(who));
  if (whole) require(is_json(whole->body));
  else require(bad_answer(whole.failure(), credential).what.message.find(credential) == std::string::npos);
  const auto stream = translate_answer_to_stream(who.request, *who.asked, from, provider, body, context_of(who));
  require(stream.has_value() == whole.has_value());
  if (!stream) return;
  if (who.request.as_array) require(is_json(stream->body));
  else require(is_well_formed(stream->body, who.request.operation == api::converse));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr api operations[] = {api::chat_completions, api::responses, api::completions, api::embeddings};
  choices input(bytes, size);
  const auto which = input.byte();
  const auto& provider = provider_of(which & 63);
  const auto& from = *find_wire(provider.wire);
  auto& who = client_of(input.byte());
  switch (input.byte() % 4) {
    case 0: judge(from, input); break;
    case 1: inspect(from, operations[which >> 6], input.rest()); break;
    case 2: embed(from, input.rest()); break;
    default: translate(who, provider, input.rest());
  }
  return 0;
}

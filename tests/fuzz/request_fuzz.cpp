// A client's body of any operation. Byte 0: the operation; byte 1: the provider, its high bits stream and as_array; the rest is the body.
#include "providers/json_scan.hpp"
#include "providers/translation.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::fuzz;

namespace {

constexpr api operations[] = {api::chat_completions, api::responses,        api::completions,          api::embeddings,    api::messages, api::count_message_tokens,
                              api::generate_content, api::count_content_tokens, api::embed_content, api::batch_embed_contents, api::converse};

std::string joined(const upstream_request& sent) {
  std::string out;
  for (const auto piece : sent.body) out += piece;
  return out;
}

/// Only the model and Switchyard's own field may differ.
void same_format(const api_request& read, const wire& to, const call_target& where) {
  const auto body = joined(to.encode(read, where));
  json::document document;
  require(document.parse_copy(body));
  require(document.root()["fallbacks"].error() == simdjson::NO_SUCH_FIELD || read.operation == api::converse || is_embedding(read.operation) || is_count(read.operation) ||
          read.fallbacks_member.empty());
  if (read.model_value.empty()) return;
  std::string_view model;
  require(document.root()["model"].get(model) == simdjson::SUCCESS && model == where.model);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  choices input(bytes, size);
  operation_target target;
  target.operation = operations[input.byte() % std::size(operations)];
  const auto flags = input.byte();
  const bool model_in_path = target.operation >= api::generate_content;
  if (model_in_path) target.model = "provider/model", target.stream = (flags & 64) != 0, target.as_array = (flags & 128) != 0;
  const padded_body body(input.rest());
  const auto& format = ingress_of(target.operation);
  const auto read = format.parse(target, body.view());
  if (!read) {
    require(http_status(read.failure()) == 400 && is_json(format.error_body(read.failure())));
    return 0;
  }
  require(read->input.tokens() >= 0 && read->max_output_tokens >= 0);
  const auto& provider = provider_of(flags & 7);
  const auto& to = *find_wire(provider.wire);
  config::key_config key;
  const call_target where{"http://localhost/x", "new \"model\"", &key, &provider};
  if (to.takes(target.operation, provider)) {
    same_format(*read, to, where);
    return 0;
  }
  if (is_count(target.operation)) return 0;
  neutral_view asked(*read);
  neutral::dropped_fields dropped;
  const auto sent = translate_request(*read, asked, to, where, dropped);
  require(dropped.list().size() <= 1004);
  if (sent) require(is_object(joined(*sent)));
  else require(!sent.failure().message.empty() && is_json(format.error_body(sent.failure())));
  return 0;
}

// A client's body: first byte chooses the operation and the provider, the rest is the body.
#include "providers/json_document.hpp"
#include "providers/registry.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

using namespace switchyard;
using namespace switchyard::providers;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// The top-level "model" of a valid body.
std::string model_of(const std::string& body) {
  json::document document;
  require(document.parse_copy(body));
  std::string_view model;
  require(document.root()["model"].get(model) == simdjson::SUCCESS);
  return std::string(model);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const auto operation = static_cast<api>(bytes[0] & 3);
  const bool groq = (bytes[0] & 4) != 0;
  const std::size_t length = size - 1;
  // Exactly the promised padding and not a byte more, on the heap, where a sanitizer watches it.
  const auto buffer = std::make_unique<char[]>(length + json::padding);
  std::memcpy(buffer.get(), bytes + 1, length);
  std::memset(buffer.get() + length, '"', json::padding);
  const std::string_view body(buffer.get(), length);

  const auto read = openai_ingress().parse(operation, body);
  if (!read) {
    const std::string answer = openai_ingress().error_body(read.failure());
    json::document document;
    require(document.parse_copy(answer));
    return 0;
  }
  require(model_of(std::string(body)) == read->model);
  config::key_config key;
  config::provider_config provider;
  provider.name = groq ? "groq" : "openai";
  const auto sent = find_wire(config::wire_format::openai)->encode(*read, {"http://localhost/x", "new \"model\"", &key, &provider});
  std::string edited;
  for (const auto piece : sent.body) edited += piece;
  require(model_of(edited) == "new \"model\"");
  json::document document;
  require(document.parse_copy(edited));
  require(document.root()["fallbacks"].error() == simdjson::NO_SUCH_FIELD);
  return 0;
}

// Cohere's own format towards Cohere: POST {base}/v2/chat, /v2/embed. (Its endpoint that speaks OpenAI's is the preset "cohere".)
//
// No client speaks it, so every request is translated and nothing is ever relayed.
#include "providers/cohere/chat.hpp"
#include "providers/embedding.hpp"
#include "providers/body_edit.hpp"
#include "providers/openai/error.hpp"
#include "providers/openai/stream.hpp"
#include "providers/registry.hpp"

namespace switchyard::providers {

namespace {

/// People give base URLs with and without the version, and with what its compatible endpoint has.
[[nodiscard]] std::string request_path(std::string_view base_url, std::string_view operation) {
  auto prefix = path_prefix(base_url);
  for (const std::string_view ending : {"/v1", "/v2", "/compatibility"})
    if (prefix.ends_with(ending)) prefix.remove_suffix(ending.size());
  return std::string(prefix).append("/v2").append(operation);
}

class cohere_wire_format final : public wire {
 public:
  [[nodiscard]] config::wire_format format() const noexcept override { return config::wire_format::cohere; }
  [[nodiscard]] bool takes(api, const config::provider_config&) const noexcept override { return false; }
  [[nodiscard]] const dialect& native(const config::provider_config&) const noexcept override { return cohere_dialect(); }
  [[nodiscard]] const embedding_dialect* native_embedding() const noexcept override { return &cohere_embedding_dialect(); }

  void address(upstream_request& message, purpose what_for, bool stream, const call_target& where) const override {
    message.path = request_path(where.base_url, what_for == purpose::embed ? "/embed" : "/chat");
    if (where.key != nullptr && !where.key->value.empty())
      message.headers.emplace_back("authorization", "Bearer ").second.append(where.key->value.reveal());
    message.headers.emplace_back("content-type", "application/json");
    message.headers.emplace_back("accept", stream ? "text/event-stream" : "application/json");
  }

  [[nodiscard]] failure classify(int status, std::span<const header> headers, std::string_view body, wall_time now,
                                 std::string_view credential) const override {
    auto out = judge_error(status == 0 ? 1 : status, body, headers, now, credential);
    out.body_for_client.clear();   // no client's shape
    return out;
  }

  // Of requests that go as they came: there are none.
  [[nodiscard]] upstream_request encode(const api_request&, const call_target& where) const override {
    upstream_request out;
    address(out, purpose::generate, false, where);
    return out;
  }
  [[nodiscard]] result<usage> inspect(api, std::string_view) const override {
    return upstream_failure(error_code::internal, "answers of this format are translated", false);
  }
  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(api, bool hide_usage, std::string_view credential) const override {
    return open_openai_stream(api::chat_completions, hide_usage, credential);
  }
};

}  // namespace

const wire& cohere_wire() noexcept {
  static const cohere_wire_format format;
  return format;
}

}  // namespace switchyard::providers

// Anthropic's format towards Anthropic and those who speak it: POST {base}/v1/messages, /v1/messages/count_tokens.
//
// The client's bytes are sent as they came but for the model's name and Switchyard's own `fallbacks`. A key goes as x-api-key, an OAuth
// token (sk-ant-oat…) as a bearer with the beta that admits it. `anthropic-version` is ours unless the client named one; its betas go along.
#include "providers/anthropic/counts.hpp"
#include "providers/anthropic/error.hpp"
#include "providers/anthropic/stream.hpp"
#include "providers/body_edit.hpp"
#include "providers/dialect.hpp"
#include "providers/failure.hpp"
#include "providers/json_scan.hpp"
#include "providers/registry.hpp"

namespace switchyard::providers {

namespace {

constexpr std::string_view version = "2023-06-01";
constexpr std::string_view oauth_token = "sk-ant-oat";
constexpr std::string_view oauth_beta = "oauth-2025-04-20";
constexpr std::string_view passed_on[] = {"anthropic-version", "anthropic-beta"};

/// People give base URLs with and without the version.
[[nodiscard]] std::string request_path(std::string_view base_url, api operation) {
  std::string path(path_prefix(base_url));
  if (!path.ends_with("/v1")) path += "/v1";
  path += operation == api::count_message_tokens ? "/messages/count_tokens" : "/messages";
  return path;
}

class anthropic_wire_format final : public wire {
 public:
  [[nodiscard]] config::wire_format format() const noexcept override { return config::wire_format::anthropic; }
  [[nodiscard]] bool takes(api operation, const config::provider_config&) const noexcept override {
    return operation == api::messages || operation == api::count_message_tokens;
  }
  [[nodiscard]] const dialect& native(const config::provider_config&) const noexcept override { return messages_dialect(); }
  [[nodiscard]] std::span<const std::string_view> client_headers() const noexcept override { return passed_on; }

  void address(upstream_request& message, purpose, bool stream, const call_target& where) const override {
    address(message, api::messages, stream, where);
  }

  [[nodiscard]] upstream_request encode(const api_request& request, const call_target& where) const override {
    upstream_request out;
    address(out, request.operation, request.stream, where);
    edit edits[2];
    const auto count = usual_edits(request, where.model, edits, out.storage);
    write_pieces(request.body, std::span(edits, count), out.body);
    return out;
  }

  [[nodiscard]] failure classify(int status, std::span<const header> headers, std::string_view body, wall_time now,
                                 std::string_view credential) const override {
    return judge_anthropic_error(status == 0 ? 1 : status, body, headers, now, credential);
  }

  [[nodiscard]] result<usage> inspect(api operation, std::string_view body) const override {
    const auto refused = [](std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); };
    if (auto valid = check_answer(body); !valid) return valid.failure();
    anthropic::reported_counts counts;
    bool has_error = false;
    bool has_answer = false;
    json::members walk(body);
    for (json::member m; walk.next(m);) {
      if (m.name == "usage") counts.read(m.value);
      else if (m.name == "content" || m.name == "input_tokens") has_answer = !json::is_null(m.value);
      else if (m.name == "error") has_error = json::has_entries(m.value) || json::has_text(m.value);
    }
    if (!walk.ok() || json::skip_space(body, walk.end()) != body.size()) return refused("the provider's answer is not a JSON object");
    if (has_error && !has_answer) return refused("the provider answered 200 with an error");
    usage out;
    if (operation != api::count_message_tokens) counts.copy_to(out);   // counting costs nothing
    return out;
  }

  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(api, bool, std::string_view credential) const override {
    return open_anthropic_stream(credential);
  }

 private:
  static void address(upstream_request& out, api operation, bool stream, const call_target& where) {
    out.path = request_path(where.base_url, operation);
    if (where.key != nullptr && !where.key->value.empty()) {
      const auto key = where.key->value.reveal();
      if (key.starts_with(oauth_token)) {
        out.headers.emplace_back("authorization", "Bearer " + std::string(key));
        out.headers.emplace_back("anthropic-beta", oauth_beta);
      } else {
        out.headers.emplace_back("x-api-key", key);
      }
    }
    out.headers.emplace_back("anthropic-version", version);
    out.headers.emplace_back("content-type", "application/json");
    out.headers.emplace_back("accept", stream ? "text/event-stream" : "application/json");
  }
};

}  // namespace

const wire& anthropic_wire() noexcept {
  static const anthropic_wire_format format;
  return format;
}

}  // namespace switchyard::providers

// Bedrock's Converse API towards AWS.
//
//   POST {base}/model/{id, percent-encoded}/converse          answers application/json
//   POST {base}/model/{id, percent-encoded}/converse-stream   answers application/vnd.amazon.eventstream
//
// The client's bytes are sent as they came but for Switchyard's own `fallbacks`. A key proves itself with a signature (access_key_id and
// secret_access_key) or, as a Bedrock API key, by bearer token (value).
#include "providers/bedrock/error.hpp"
#include "providers/bedrock/sigv4.hpp"
#include "providers/bedrock/stream.hpp"
#include "providers/body_edit.hpp"
#include "providers/dialect.hpp"
#include "providers/failure.hpp"
#include "providers/json_scan.hpp"
#include "providers/registry.hpp"

#include <charconv>

namespace switchyard::providers {

namespace {

constexpr std::string_view event_stream_type = "application/vnd.amazon.eventstream";

/// The host field as it will be sent: without the scheme's own port.
[[nodiscard]] std::string host_field(std::string_view base_url) {
  const bool tls = base_url.starts_with("https://");
  if (const auto scheme = base_url.find("://"); scheme != std::string_view::npos) base_url.remove_prefix(scheme + 3);
  const auto authority = base_url.substr(0, base_url.find('/'));
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return std::string(authority);
  const auto digits = authority.substr(colon + 1);
  int port = 0;
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), port);
  std::string host(authority.substr(0, colon));
  if (port != (tls ? 443 : 80)) (host += ':') += std::to_string(port);
  return host;
}

class bedrock_wire_format final : public wire {
 public:
  [[nodiscard]] config::wire_format format() const noexcept override { return config::wire_format::bedrock; }
  [[nodiscard]] bool takes(api operation, const config::provider_config&) const noexcept override { return operation == api::converse; }
  [[nodiscard]] const dialect& native(const config::provider_config&) const noexcept override { return converse_dialect(); }

  [[nodiscard]] upstream_request encode(const api_request& request, const call_target& where) const override {
    upstream_request out;
    edit cut;
    std::size_t count = 0;
    if (!request.fallbacks_member.empty()) cut = {request.fallbacks_member, {}}, count = 1;
    write_pieces(request.body, std::span(&cut, count), out.body);
    address(out, purpose::generate, request.stream, where);
    return out;
  }

  void address(upstream_request& message, purpose, bool stream, const call_target& where) const override {
    message.path = path_prefix(where.base_url);
    message.path += "/model/";
    message.path += encode_segment(where.model);
    message.path += stream ? "/converse-stream" : "/converse";
    message.headers.emplace_back("content-type", "application/json");
    message.headers.emplace_back("accept", stream ? event_stream_type : "application/json");
    if (where.key == nullptr) return;
    const auto& key = *where.key;
    if (!key.access_key_id.empty()) {
      const aws_credential credential{key.access_key_id.reveal(), key.secret_access_key.reveal(), key.session_token.reveal()};
      sign_v4(message.method, host_field(where.base_url), message.path, message.body, credential, {key.region, "bedrock", where.now}, message.headers);
    } else if (!key.value.empty()) {
      message.headers.emplace_back("authorization", "Bearer " + std::string(key.value.reveal()));
    }
  }

  [[nodiscard]] bool is_stream(std::string_view content_type) const noexcept override {
    return content_type.size() >= event_stream_type.size() &&
           equal_ignoring_case(content_type.substr(0, event_stream_type.size()), event_stream_type);
  }

  [[nodiscard]] failure classify(int status, std::span<const header> headers, std::string_view body, wall_time now,
                                 std::string_view credential) const override {
    return judge_bedrock_error(status, headers, body, now, credential);
  }

  [[nodiscard]] result<usage> inspect(api, std::string_view body) const override {
    const auto refused = [](std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); };
    if (auto valid = check_answer(body); !valid) return valid.failure();
    usage out;
    bool has_answer = false;
    json::members walk(body);
    for (json::member m; walk.next(m);) {
      if (m.name == "usage") read_bedrock_usage(m.value, out);
      if (m.name == "output") has_answer = json::is_object(m.value);
    }
    if (!walk.ok() || json::skip_space(body, walk.end()) != body.size()) return refused("the provider's answer is not a JSON object");
    if (!has_answer) return refused("the provider answered 200 without an output");
    return out;
  }

  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(api, bool, std::string_view credential) const override {
    return open_bedrock_stream(credential);
  }
};

}  // namespace

const wire& bedrock_wire() noexcept {
  static const bedrock_wire_format format;
  return format;
}

}  // namespace switchyard::providers

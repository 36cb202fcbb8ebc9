// Gemini's format towards Google: the Gemini API (an API key in x-goog-api-key) and Vertex AI (an OAuth token, provider key auth: bearer).
//
//   base URL without a version   {base}/v1beta/models/{model}:{method}
//   ending in one, or with       {base}/models/{model}:{method}
//   /projects/ in its path       (https://eu-aiplatform.googleapis.com/v1/projects/P/locations/L/publishers/google)
//
// Streams are always asked for as events (alt=sse); a client that wanted an array gets one made of them. So upstream_request::hide_usage,
// which comes back in open_stream(), means "as an array" here.
#include "providers/body_edit.hpp"
#include "providers/dialect.hpp"
#include "providers/embedding.hpp"
#include "providers/gemini/error.hpp"
#include "providers/gemini/field.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/stream.hpp"
#include "providers/gemini/usage_metadata.hpp"
#include "providers/failure.hpp"
#include "providers/json_out.hpp"
#include "providers/registry.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

using namespace gemini;

constexpr std::string_view models_prefix = "models/";

/// "/v1", "/v1beta", "/v1beta1".
[[nodiscard]] bool ends_with_version(std::string_view prefix) noexcept {
  auto last = prefix.substr(std::min(prefix.rfind('/'), prefix.size() - 1) + 1);
  if (prefix.empty() || !last.starts_with('v')) return false;
  last.remove_prefix(1);
  const auto skip_digits = [&] {
    const auto before = last.size();
    while (!last.empty() && last.front() >= '0' && last.front() <= '9') last.remove_prefix(1);
    return before != last.size();
  };
  if (!skip_digits()) return false;
  for (const std::string_view stage : {"alpha", "beta"})
    if (last.starts_with(stage)) last.remove_prefix(stage.size());
  skip_digits();
  return last.empty();
}

[[nodiscard]] std::string_view method_of(api operation, bool stream) noexcept {
  switch (operation) {
    case api::count_content_tokens: return ":countTokens";
    case api::embed_content: return ":embedContent";
    case api::batch_embed_contents: return ":batchEmbedContents";
    default: return stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
  }
}

[[nodiscard]] std::string request_path(std::string_view base_url, std::string_view model, api operation, bool stream) {
  const auto prefix = path_prefix(base_url);
  std::string path(prefix);
  if (!ends_with_version(prefix) && prefix.find("/projects/") == std::string_view::npos) path += "/v1beta";
  if (model.starts_with(models_prefix)) model.remove_prefix(models_prefix.size());
  constexpr std::string_view tuned = "tunedModels/";
  if (model.starts_with(tuned)) {
    path += "/tunedModels/";
    model.remove_prefix(tuned.size());
  } else {
    path += "/models/";
  }
  path += encode_segment(model);
  path += method_of(operation, stream);
  return path;
}

/// Where the bodies of these operations name the model (again): top level, in each request of a batch, in a count's whole request.
void find_models(std::string_view body, std::vector<byte_range>& out) {
  const auto add = [&](std::string_view value) {
    const auto begin = static_cast<std::size_t>(value.data() - body.data());
    if (json::is_string(value)) out.push_back({begin, begin + value.size()});
  };
  json::members walk(body);
  for (json::member m; walk.next(m);) {
    if (m.name == "model") add(m.value);
    else if (m.name == "requests" || is_field(m.name, "generateContentRequest"))
      for_each(m.value, [&](std::string_view request) { return add(json::find(request, "model")), true; });
  }
}

class gemini_wire_format final : public wire {
 public:
  [[nodiscard]] config::wire_format format() const noexcept override { return config::wire_format::gemini; }

  [[nodiscard]] bool takes(api operation, const config::provider_config&) const noexcept override {
    return operation == api::generate_content || operation == api::count_content_tokens || operation == api::embed_content ||
           operation == api::batch_embed_contents;
  }
  [[nodiscard]] const dialect& native(const config::provider_config&) const noexcept override { return generate_content_dialect(); }
  /// The batch: it takes one input as well as many.
  [[nodiscard]] const embedding_dialect* native_embedding() const noexcept override { return &gemini_batch_embedding_dialect(); }

  void address(upstream_request& message, purpose what_for, bool stream, const call_target& where) const override {
    address(message, what_for == purpose::embed ? api::batch_embed_contents : api::generate_content, stream, where);
  }

  [[nodiscard]] upstream_request encode(const api_request& request, const call_target& where) const override {
    upstream_request out;
    address(out, request.operation, request.stream, where);
    out.hide_usage = request.stream && request.as_array;
    std::vector<edit> edits;
    if (where.model != request.model) {
      std::vector<byte_range> models;
      find_models(request.body, models);
      if (!models.empty()) {
        auto name = std::make_unique<std::string>();
        const bool has_kind = where.model.find('/') != std::string_view::npos;   // "models/x", "tunedModels/y"
        json::append_string(*name, has_kind ? std::string(where.model) : std::string(models_prefix).append(where.model));
        for (const auto& place : models) edits.push_back({place, *name});
        out.storage.push_back(std::move(name));
      }
    }
    if (!request.fallbacks_member.empty()) edits.push_back({request.fallbacks_member, {}});
    write_pieces(request.body, edits, out.body);
    return out;
  }

  [[nodiscard]] std::span<const std::string_view> client_headers() const noexcept override {
    static constexpr std::string_view names[] = {"x-vertex-ai-llm-request-type", "x-vertex-ai-llm-shared-request-type"};
    return names;
  }
  [[nodiscard]] std::span<const std::string_view> provider_headers() const noexcept override {
    static constexpr std::string_view names[] = {"x-gemini-service-tier"};
    return names;
  }

  [[nodiscard]] failure classify(int status, std::span<const header> headers, std::string_view body, wall_time now,
                                 std::string_view credential) const override {
    return judge_error(status, body, headers, now, credential);
  }

  [[nodiscard]] result<usage> inspect(api, std::string_view body) const override {
    const auto refused = [](std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); };
    if (auto valid = check_answer(body); !valid) return valid.failure();
    usage out;
    bool has_error = false;
    std::int64_t images = 0;
    json::members walk(body);
    for (json::member m; walk.next(m);) {
      if (is_field(m.name, "usageMetadata") && json::is_object(m.value)) out = to_usage(read_usage_metadata(m.value));
      if (m.name == "candidates") images = gemini::count_pictures(m.value);
      if (m.name == "error") has_error = json::has_entries(m.value) || json::has_text(m.value);
    }
    if (!walk.ok() || json::skip_space(body, walk.end()) != body.size()) return refused("the provider's answer is not a JSON object");
    if (has_error) return refused("the provider answered 200 with an error");
    out.images = images;
    return out;
  }

  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(api, bool as_array, std::string_view credential) const override {
    return gemini::open_stream(as_array, credential);
  }

 private:
  static void address(upstream_request& out, api operation, bool stream, const call_target& where) {
    out.path = request_path(where.base_url, where.model, operation, stream);
    if (where.key != nullptr && !where.key->value.empty()) {
      const bool bearer = where.provider != nullptr && where.provider->auth == config::auth_form::bearer;
      const std::string value(where.key->value.reveal());
      if (bearer) out.headers.emplace_back("authorization", "Bearer " + value);
      else out.headers.emplace_back("x-goog-api-key", value);
    }
    out.headers.emplace_back("content-type", "application/json");
    out.headers.emplace_back("accept", stream ? "text/event-stream" : "application/json");
  }
};

}  // namespace

const wire& gemini_wire() noexcept {
  static const gemini_wire_format format;
  return format;
}

}  // namespace switchyard::providers

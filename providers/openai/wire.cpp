// OpenAI's format towards OpenAI and everyone who speaks it.
//
// The client's bytes are sent as they came. Four things may differ: the model's name, Switchyard's own `fallbacks` (cut out),
// on streams `stream_options` (put in, so that every stream is accounted for; the extra event is hidden from the client again), and
// reasoning items of a responses conversation that prove another provider's thoughts (cut out: it could not read them).
#include "config/presets.hpp"
#include "providers/body_edit.hpp"
#include "providers/dialect.hpp"
#include "providers/json_document.hpp"
#include "providers/json_scan.hpp"
#include "providers/openai/error.hpp"
#include "providers/openai/responses.hpp"
#include "providers/openai/stream.hpp"
#include "providers/registry.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace switchyard::providers {

namespace {

constexpr std::string_view ask_for_usage = R"("stream_options":{"include_usage":true},)";

[[nodiscard]] std::string_view path_of(api operation) noexcept {
  switch (operation) {
    case api::chat_completions: return "/chat/completions";
    case api::responses: return "/responses";
    case api::completions: return "/completions";
    case api::embeddings: return "/embeddings";
    default: break;   // no operation of OpenAI's
  }
  return "/chat/completions";
}

/// "/v1", "/api/v4": people give base URLs with and without the version.
[[nodiscard]] bool ends_with_version(std::string_view prefix) noexcept {
  const auto slash = prefix.rfind('/');
  if (slash == std::string_view::npos) return false;
  const auto last = prefix.substr(slash + 1);
  return last.size() >= 2 && last.front() == 'v' && std::all_of(last.begin() + 1, last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "/openai/v1/chat/completions", or "/openai/deployments/MODEL/chat/completions?api-version=V". Of the base URL's path, what people copy
/// along ("/openai", "/openai/v1") counts once. The responses API has no deployment paths.
[[nodiscard]] std::string azure_path(std::string_view prefix, api operation, std::string_view model, std::string_view api_version) {
  if (prefix.ends_with("/v1")) prefix.remove_suffix(3);
  if (prefix.ends_with("/openai")) prefix.remove_suffix(7);
  std::string path(prefix);
  path += "/openai";
  if (api_version.empty()) {
    path += "/v1";
  } else if (operation != api::responses) {
    path += "/deployments/";
    path += encode_segment(model);
  }
  path += path_of(operation);
  if (!api_version.empty()) (path += "?api-version=") += api_version;
  return path;
}

[[nodiscard]] std::string request_path(const call_target& where, api operation, config::path_style style) {
  const auto prefix = path_prefix(where.base_url);
  if (style == config::path_style::azure) return azure_path(prefix, operation, where.model, where.provider->api_version);
  std::string path;
  path.reserve(prefix.size() + 24);
  path += prefix;
  if (style == config::path_style::versioned && !ends_with_version(prefix)) path += "/v1";
  path += path_of(operation);
  return path;
}

/// A non-negative integer, also when written as 12.0.
[[nodiscard]] std::optional<std::int64_t> count_of(simdjson::dom::element object, std::string_view name) noexcept {
  constexpr std::int64_t largest = std::int64_t{1} << 53;   // as json::as_count()
  simdjson::dom::element value;
  std::int64_t whole = 0;
  double real = 0;
  if (object[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  if (value.get(whole) == simdjson::SUCCESS) return whole >= 0 && whole <= largest ? std::optional(whole) : std::nullopt;
  if (value.get(real) != simdjson::SUCCESS || !(real >= 0) || real > 9e15 || real != std::floor(real)) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

/// read_openai_usage() on a parsed answer.
[[nodiscard]] usage usage_of(simdjson::dom::element object) noexcept {
  const auto either = [&](std::string_view a, std::string_view b) {
    const auto found = count_of(object, a);
    return found ? found : count_of(object, b);
  };
  usage out;
  out.input = either("prompt_tokens", "input_tokens");
  out.output = either("completion_tokens", "output_tokens");
  for (const std::string_view details : {"prompt_tokens_details", "input_tokens_details"})
    if (simdjson::dom::element inner; !out.cached_input && object[details].get(inner) == simdjson::SUCCESS)
      out.cached_input = count_of(inner, "cached_tokens");
  if (!out.cached_input) out.cached_input = count_of(object, "prompt_cache_hit_tokens");   // DeepSeek
  return out;
}

[[nodiscard]] bool is_said(simdjson::dom::element value) noexcept {
  if (simdjson::dom::object object; value.get(object) == simdjson::SUCCESS) return object.begin() != object.end();
  if (simdjson::dom::array array; value.get(array) == simdjson::SUCCESS) return array.begin() != array.end();
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) return !text.empty();
  return false;
}

[[nodiscard]] error refused(std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); }

/// Of an answer's "choices" or "output"; as count_openai_images() counts them.
[[nodiscard]] std::int64_t images_in(std::string_view name, simdjson::dom::element value) noexcept {
  simdjson::dom::array items;
  if ((name != "choices" && name != "output") || value.get(items) != simdjson::SUCCESS) return 0;
  std::int64_t count = 0;
  for (const auto item : items) {
    if (name == "choices") {
      simdjson::dom::array images;
      if (item["message"]["images"].get(images) == simdjson::SUCCESS)
        for (auto image = images.begin(); image != images.end(); ++image) ++count;
    } else {
      std::string_view type, result;
      count += item["type"].get(type) == simdjson::SUCCESS && type == "image_generation_call" && item["result"].get(result) == simdjson::SUCCESS && !result.empty();
    }
  }
  return count;
}

[[nodiscard]] result<usage> inspect_parsed(api operation, std::string_view body) {
  json::document document;
  if (!document.parse_copy(body)) return refused("the provider's answer is not valid JSON: " + document.fault());
  simdjson::dom::object answer;
  if (document.root().get(answer) != simdjson::SUCCESS) return refused("the provider's answer is not a JSON object");
  usage out;
  std::int64_t images = 0;
  bool has_answer = false;
  bool has_error = false;
  for (const auto& [name, value] : answer) {
    if (name == "usage") {
      out = usage_of(value);
      if (operation == api::embeddings && !out.input) out.input = count_of(value, "total_tokens");   // Voyage
    } else if (name == "choices" || name == "data" || name == "output") {
      has_answer |= !value.is_null();
      images += images_in(name, value);
    } else if (name == "error") {
      has_error = is_said(value);
    }
  }
  if (has_error && !has_answer) return refused("the provider answered 200 with an error");
  out.images = images;
  return out;
}

class openai_wire_format final : public wire {
 public:
  [[nodiscard]] config::wire_format format() const noexcept override { return config::wire_format::openai; }

  [[nodiscard]] bool takes(api operation, const config::provider_config& provider) const noexcept override {
    const bool by_responses = provider.native_api == config::native_api::responses;
    if (operation == api::responses) return by_responses || config::has_responses_api(provider);
    if (by_responses) return operation == api::embeddings;
    return operation == api::chat_completions || operation == api::completions || operation == api::embeddings;
  }
  [[nodiscard]] const dialect& native(const config::provider_config& provider) const noexcept override {
    return provider.native_api == config::native_api::responses ? responses_dialect() : chat_dialect();
  }
  [[nodiscard]] const embedding_dialect* native_embedding() const noexcept override { return &openai_embedding_dialect(); }

  [[nodiscard]] std::span<const std::string_view> client_headers() const noexcept override {
    static constexpr std::string_view names[] = {"openai-beta", "idempotency-key"};
    return names;
  }
  [[nodiscard]] std::span<const std::string_view> provider_headers() const noexcept override {
    static constexpr std::string_view names[] = {"openai-processing-ms", "openai-version"};
    return names;
  }

  void address(upstream_request& message, purpose what_for, bool stream, const call_target& where) const override {
    const bool by_responses = where.provider != nullptr && where.provider->native_api == config::native_api::responses;
    const auto generation = by_responses ? api::responses : api::chat_completions;
    address(message, what_for == purpose::embed ? api::embeddings : generation, stream, where);
  }

  [[nodiscard]] upstream_request encode(const api_request& request, const call_target& where) const override {
    const auto& preset = config::family_row(where.provider);
    upstream_request out;
    out.body.reserve(4);
    address(out, request.operation, request.stream, where);

    if (request.operation == api::responses) {
      if (const auto marked = responses::marked_items(request.body); !marked.empty()) {
        std::vector<edit> edits(2 + marked.size());
        auto count = usual_edits(request, where.model, edits, out.storage);
        for (const auto& item : marked) edits[count++] = {item, {}};
        write_pieces(request.body, std::span(edits).first(count), out.body);
        return out;
      }
    }
    edit edits[3];
    auto count = usual_edits(request, where.model, edits, out.storage);
    const bool has_option = request.operation == api::chat_completions || request.operation == api::completions;
    if (request.stream && has_option && !request.has_stream_options && preset.takes_stream_options) {
      edits[count++] = {{request.after_open_brace, request.after_open_brace}, ask_for_usage};
      out.hide_usage = true;
    }
    write_pieces(request.body, std::span(edits, count), out.body);
    return out;
  }

  [[nodiscard]] failure classify(int status, std::span<const header> headers, std::string_view body, wall_time now,
                                 std::string_view credential) const override {
    return judge_error(status == 0 ? 1 : status, body, headers, now, credential);
  }

  [[nodiscard]] result<usage> inspect(api operation, std::string_view body) const override {
    if (body.size() <= fully_checked) return inspect_parsed(operation, body);
    if (auto valid = check_answer(body); !valid) return valid.failure();
    usage out;
    bool has_answer = false;
    bool has_error = false;
    json::members walk(body);
    for (json::member m; walk.next(m);) {
      if (m.name == "usage") {
        read_openai_usage(m.value, out);
        if (operation == api::embeddings && !out.input) out.input = json::as_count(json::find(m.value, "total_tokens"));   // Voyage
      }
      if (m.name == "choices" || m.name == "data" || m.name == "output") has_answer |= !json::is_null(m.value);
      if (m.name == "error") has_error = json::has_entries(m.value) || json::has_text(m.value);
    }
    if (!walk.ok() || json::skip_space(body, walk.end()) != body.size()) return refused("the provider's answer is not a JSON object");
    if (has_error && !has_answer) return refused("the provider answered 200 with an error");
    out.images = count_openai_images(body);
    return out;
  }

  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(api operation, bool hide_usage, std::string_view credential) const override {
    return open_openai_stream(operation, hide_usage, credential);
  }

 private:
  static void address(upstream_request& out, api operation, bool stream, const call_target& where) {
    const auto& preset = config::family_row(where.provider);
    out.path = request_path(where, operation, preset.path);
    out.headers.reserve(3);
    if (where.key != nullptr && !where.key->value.empty()) {
      if (preset.auth == config::key_header::api_key)
        out.headers.emplace_back("api-key", where.key->value.reveal());
      else
        out.headers.emplace_back("authorization", "Bearer ").second.append(where.key->value.reveal());
    }
    out.headers.emplace_back("content-type", "application/json");
    out.headers.emplace_back("accept", stream ? "text/event-stream" : "application/json");
  }
};

}  // namespace

const wire& openai_wire() noexcept {
  static const openai_wire_format format;
  return format;
}

}  // namespace switchyard::providers

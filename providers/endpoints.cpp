#include "providers/endpoints.hpp"

#include "providers/registry.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

struct fixed_path {
  std::string_view path;
  api operation;
};

constexpr fixed_path openai_paths[] = {
    {"/chat/completions", api::chat_completions},
    {"/responses", api::responses},
    {"/completions", api::completions},
    {"/embeddings", api::embeddings},
};

constexpr fixed_path anthropic_paths[] = {
    {"/messages", api::messages},
    {"/messages/count_tokens", api::count_message_tokens},
};

struct verb {
  std::string_view name;
  api operation;
  bool stream = false;
};

constexpr verb gemini_verbs[] = {
    {"generateContent", api::generate_content},
    {"streamGenerateContent", api::generate_content, true},
    {"countTokens", api::count_content_tokens},
    {"embedContent", api::embed_content},
    {"batchEmbedContents", api::batch_embed_contents},
};

constexpr verb bedrock_verbs[] = {
    {"converse", api::converse},
    {"converse-stream", api::converse, true},
};

[[nodiscard]] bool take_prefix(std::string_view& path, std::string_view prefix) noexcept {
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return true;
}

/// Does the query have that pair?
[[nodiscard]] bool has_pair(std::string_view query, std::string_view pair) noexcept {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    if (query.substr(0, end) == pair) return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

[[nodiscard]] endpoint operation_at(api operation) {
  return {endpoint_kind::operation, {.operation = operation}, &ingress_of(operation), "POST"};
}

/// "/models" and "/models/ID".
[[nodiscard]] std::optional<endpoint> model_list(std::string_view path, const ingress& format) {
  if (path == "/models") return endpoint{endpoint_kind::list_models, {}, &format, "GET"};
  if (!take_prefix(path, "/models/") || path.empty()) return std::nullopt;
  return endpoint{endpoint_kind::one_model, {.model = percent_decoded(path)}, &format, "GET"};
}

template <std::size_t N>
[[nodiscard]] std::optional<endpoint> fixed(const fixed_path (&table)[N], std::string_view path) {
  for (const auto& row : table)
    if (row.path == path) return operation_at(row.operation);
  return std::nullopt;
}

/// "/models/ID:VERB"; the id may hold colons and slashes, and then some clients leave "models/" out.
[[nodiscard]] std::optional<endpoint> gemini_operation(std::string_view path, std::string_view query) {
  if (!take_prefix(path, "/models/") && (!take_prefix(path, "/") || path.find('/') == std::string_view::npos)) return std::nullopt;
  const auto colon = path.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || path.front() == '/') return std::nullopt;
  for (const auto& row : gemini_verbs) {
    if (row.name != path.substr(colon + 1)) continue;
    auto found = operation_at(row.operation);
    found.target.model = percent_decoded(path.substr(0, colon));
    found.target.stream = row.stream;
    found.target.as_array = row.stream && !has_pair(query, "alt=sse");
    return found;
  }
  return std::nullopt;
}

/// "/model/ID/VERB"; the id may hold slashes.
[[nodiscard]] std::optional<endpoint> bedrock_operation(std::string_view path) {
  if (!take_prefix(path, "/model/")) return std::nullopt;
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  for (const auto& row : bedrock_verbs) {
    if (row.name != path.substr(slash + 1)) continue;
    auto found = operation_at(row.operation);
    found.target.model = percent_decoded(path.substr(0, slash));
    found.target.stream = row.stream;
    return found;
  }
  return std::nullopt;
}

[[nodiscard]] std::optional<endpoint> openai_endpoint(std::string_view path) {
  if (auto found = fixed(openai_paths, path)) return found;
  return model_list(path, openai_ingress());
}

[[nodiscard]] std::optional<endpoint> anthropic_endpoint(std::string_view path) {
  if (auto found = fixed(anthropic_paths, path)) return found;
  return model_list(path, anthropic_ingress());
}

[[nodiscard]] std::optional<endpoint> gemini_endpoint(std::string_view path, std::string_view query) {
  if (auto found = gemini_operation(path, query)) return found;
  return model_list(path, gemini_ingress());
}

}  // namespace

std::optional<endpoint> find_endpoint(std::string_view path, std::string_view query, bool anthropic_client) {
  if (path.starts_with("/openai/")) {
    (void)take_prefix(path, "/openai");
    if (path.starts_with("/v1/")) (void)take_prefix(path, "/v1");
    return openai_endpoint(path);
  }
  if (path.starts_with("/anthropic/")) return take_prefix(path, "/anthropic/v1") ? anthropic_endpoint(path) : std::nullopt;
  if (path.starts_with("/bedrock/")) return take_prefix(path, "/bedrock") ? bedrock_operation(path) : std::nullopt;
  const bool below_genai = path.starts_with("/genai/") && take_prefix(path, "/genai");
  for (const std::string_view version : {"/v1beta", "/v1alpha"})
    if (path.starts_with(version) && path.substr(version.size()).starts_with('/')) return gemini_endpoint(path.substr(version.size()), query);
  if (!path.starts_with("/v1/")) return below_genai ? std::nullopt : bedrock_operation(path);
  path.remove_prefix(3);
  if (below_genai) return gemini_endpoint(path, query);
  if (auto found = gemini_operation(path, query)) return found;   // /v1/models/ID:generateContent
  if (auto found = fixed(anthropic_paths, path)) return found;
  if (anthropic_client) return anthropic_endpoint(path);
  return openai_endpoint(path);
}

const ingress& format_of_path(std::string_view path, bool anthropic_client) noexcept {
  if (path.starts_with("/openai/")) return openai_ingress();
  if (anthropic_client || path.starts_with("/anthropic/") || path.starts_with("/v1/messages")) return anthropic_ingress();
  if (path.starts_with("/genai/") || path.starts_with("/v1beta/") || path.starts_with("/v1alpha/")) return gemini_ingress();
  if (path.starts_with("/bedrock/") || path.starts_with("/model/")) return bedrock_ingress();
  return openai_ingress();
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      plain += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace switchyard::providers

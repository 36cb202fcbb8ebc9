#include "tools/sim/openai.hpp"

#include "tools/sim/openai_answer.hpp"
#include "tools/sim/openai_request.hpp"

#include <boost/json.hpp>

#include <array>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

reply list_models(const call& asked) {
  json::array entries;
  for (const model_profile& m : asked.models.all()) entries.push_back(model_object(m.id));
  return {.body = json::serialize(json::object{{"object", "list"}, {"data", std::move(entries)}})};
}

reply get_model(const call& asked) {
  const std::string_view id = asked.path.substr(std::string_view("/v1/models/").size());
  if (!asked.models.knows(id)) {
    return openai_refusal(404, "The model '" + std::string(id) + "' does not exist", "model", "model_not_found");
  }
  return {.body = json::serialize(model_object(id)), .model = std::string(id)};
}

/// Parses, reads and answers one kind of request; a refusal on the way is the reply.
template <auto read, auto print>
reply serve(const call& asked) {
  auto body = read_body_object(asked.body);
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  const json::object& object = std::get<json::object>(body);
  auto request = read(object);
  if (auto* refused = std::get_if<reply>(&request)) return std::move(*refused);
  return print(std::get<0>(request), object, asked);
}

reply serve_embeddings(const call& asked) {
  auto body = read_body_object(asked.body);
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  return answer_embeddings(std::get<json::object>(body));
}

constexpr std::array routes = {
    wire_route{"POST", "/v1/chat/completions", serve<read_chat, answer_chat>},
    wire_route{"POST", "/v1/responses", serve<read_responses, answer_responses>},
    wire_route{"POST", "/v1/completions", serve<read_completions, answer_completions>},
    wire_route{"POST", "/v1/embeddings", serve_embeddings},
    wire_route{"GET", "/v1/models", list_models},
    wire_route{"GET", "/v1/models/", get_model},
};

}  // namespace

std::span<const wire_route> openai_routes() noexcept { return routes; }

std::string openai_error_body(std::string_view message, std::string_view type, std::string_view param, std::string_view code) {
  const auto or_null = [](std::string_view text) { return text.empty() ? json::value() : json::value(text); };
  return json::serialize(json::object{{"error", {{"message", message}, {"type", type}, {"param", or_null(param)}, {"code", or_null(code)}}}});
}

reply openai_refusal(int status, std::string_view message, std::string_view param, std::string_view code) {
  return {.status = status, .body = openai_error_body(message, "invalid_request_error", param, code)};
}

}  // namespace switchyard::sim

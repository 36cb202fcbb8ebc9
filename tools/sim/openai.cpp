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
  const std::string id = percent_decoded(asked.path.substr(std::string_view("/v1/models/").size()));
  if (!asked.models.knows(id)) {
    return openai_refusal(404, "The model '" + id + "' does not exist", "model", "model_not_found");
  }
  return {.body = json::serialize(model_object(id)), .model = id};
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
    wire_route{"GET", "/v1/models/*", get_model},
};

bool claims(const call&) { return true; }

std::optional<reply> admit(const call& asked, const key_ring& keys) {
  if (keys.knows(credential_of(asked))) return std::nullopt;
  return openai_refusal(401, "Incorrect API key provided.", {}, "invalid_api_key");
}

reply refuse(const complaint& why, const call&) {
  const std::string reset = std::to_string(why.retry_after_s) + "s";
  const auto answer = [](int status, std::string body) { return reply{.status = status, .body = std::move(body)}; };
  switch (why.what) {
    case trouble::unauthorized:
      return answer(401, openai_error_body(why.or_usual("Incorrect API key provided."), "invalid_request_error", {}, "invalid_api_key"));
    case trouble::out_of_quota:
      return answer(429, openai_error_body(why.or_usual("You exceeded your current quota, please check your plan and billing details."), "insufficient_quota", {}, "insufficient_quota"));
    case trouble::rate_limited: {
      reply limited = answer(429, openai_error_body(why.or_usual("Rate limit reached for requests. Please try again in " + reset + "."), "requests", {}, "rate_limit_exceeded"));
      limited.headers = {{"retry-after", std::to_string(why.retry_after_s)}, {"x-ratelimit-limit-requests", "60"},
                         {"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", reset}};
      return limited;
    }
    case trouble::status: break;
  }
  if (why.status == 401) return answer(401, openai_error_body(why.or_usual("Incorrect API key provided."), "invalid_request_error", {}, "invalid_api_key"));
  if (why.status == 429) return answer(429, openai_error_body(why.or_usual("Rate limit reached for requests"), "requests", {}, "rate_limit_exceeded"));
  return answer(why.status, openai_error_body(why.or_usual(usual_words(why.status)), why.status >= 500 ? "server_error" : "invalid_request_error"));
}

/// The Responses API numbers its events and names them; its error event is flat.
std::string break_off(const complaint& why, const reply& begun, std::size_t sent) {
  const std::string_view words = why.or_usual(usual_words(why.status));
  if (begun.events.front().bytes.starts_with("event: response.")) {
    return "event: error\ndata: " + json::serialize(json::object{{"type", "error"}, {"code", "server_error"}, {"message", words}, {"param", nullptr}, {"sequence_number", sent}}) + "\n\n";
  }
  return "data: " + openai_error_body(words, "server_error", {}, "server_error") + "\n\n";
}

std::string broken_event(const reply&, std::size_t) { return "data: {\"id\":\"chatcmpl-broken\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"ind\n\n"; }
std::string endless_event() { return "data: "; }

constexpr wire openai{.name = "openai",
                      .routes = routes,
                      .claims = claims,
                      .admit = admit,
                      .refuse = refuse,
                      .break_off = break_off,
                      .broken_event = broken_event,
                      .endless_event = endless_event,
                      .stream_type = "text/event-stream",
                      .broken_body = R"({"id":"chatcmpl-broken","object":"chat.completion","choices":[{"ind)"};

}  // namespace

const wire& openai_wire() noexcept { return openai; }

std::string openai_error_body(std::string_view message, std::string_view type, std::string_view param, std::string_view code) {
  const auto or_null = [](std::string_view text) { return text.empty() ? json::value() : json::value(text); };
  return json::serialize(json::object{{"error", {{"message", message}, {"type", type}, {"param", or_null(param)}, {"code", or_null(code)}}}});
}

reply openai_refusal(int status, std::string_view message, std::string_view param, std::string_view code) {
  return {.status = status, .body = openai_error_body(message, "invalid_request_error", param, code)};
}

}  // namespace switchyard::sim

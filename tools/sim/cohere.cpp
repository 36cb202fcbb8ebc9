#include "tools/sim/cohere.hpp"

#include "tools/sim/cohere_answer.hpp"
#include "tools/sim/cohere_request.hpp"

#include <boost/json.hpp>

#include <array>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

reply serve_chat(const call& asked) {
  auto body = read_cohere_body(asked.body);
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  auto request = read_cohere_chat(std::get<json::object>(body));
  if (auto* refused = std::get_if<reply>(&request)) return std::move(*refused);
  return answer_cohere_chat(std::get<conversation>(request), asked);
}

reply serve_embed(const call& asked) {
  auto body = read_cohere_body(asked.body);
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  return answer_cohere_embed(std::get<json::object>(body));
}

constexpr std::array routes = {
    wire_route{"POST", "/v2/chat", serve_chat},
    wire_route{"POST", "/v2/embed", serve_embed},
};

bool claims(const call& asked) { return asked.path.starts_with("/v2/"); }

std::optional<reply> admit(const call& asked, const key_ring& keys) {
  const std::string_view key = bearer_of(asked);
  if (key.empty()) return cohere_refusal(401, "no api key supplied");
  if (!keys.knows(key)) return cohere_refusal(401, "invalid api token");
  return std::nullopt;
}

reply refuse(const complaint& why, const call&) {
  switch (why.what) {
    case trouble::unauthorized: return cohere_refusal(401, why.or_usual("invalid api token"));
    case trouble::out_of_quota: return cohere_refusal(402, why.or_usual("Your API key has reached its billing limit."));
    case trouble::rate_limited: {
      reply limited = cohere_refusal(429, why.or_usual("You are using a Trial key, which is limited to 40 API calls / minute."));
      limited.headers = {{"retry-after", std::to_string(why.retry_after_s)}};
      return limited;
    }
    case trouble::status: break;
  }
  return cohere_refusal(why.status, why.or_usual(usual_words(why.status)));
}

/// What went wrong stands in the event that ends every stream.
std::string break_off(const complaint& why, const reply&, std::size_t) {
  const std::string_view words = why.or_usual(usual_words(why.status));
  return "event: message-end\ndata: " + json::serialize(json::object{{"type", "message-end"}, {"delta", {{"error", words}, {"finish_reason", "ERROR"}}}}) + "\n\n";
}

std::string broken_event(const reply&, std::size_t) { return "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"mess\n\n"; }
std::string endless_event() { return "event: content-delta\ndata: "; }

constexpr wire cohere{.name = "cohere",
                      .routes = routes,
                      .claims = claims,
                      .admit = admit,
                      .refuse = refuse,
                      .break_off = break_off,
                      .broken_event = broken_event,
                      .endless_event = endless_event,
                      .stream_type = "text/event-stream",
                      .broken_body = R"({"id":"broken","message":{"role":"assistant","content":[{"ty)"};

}  // namespace

const wire& cohere_wire() noexcept { return cohere; }

reply cohere_refusal(int status, std::string_view message) {
  return {.status = status, .body = json::serialize(json::object{{"id", cohere_id(message)}, {"message", message}})};
}

}  // namespace switchyard::sim

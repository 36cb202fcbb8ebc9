#include "tools/sim/gemini.hpp"

#include "tools/sim/gemini_answer.hpp"
#include "tools/sim/gemini_request.hpp"

#include <boost/json.hpp>

#include <array>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view google_vertex = "/publishers/google/models/";

std::string_view status_name(int code) {
  switch (code) {
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "NOT_FOUND";
    case 409: return "ABORTED";
    case 429: return "RESOURCE_EXHAUSTED";
    case 499: return "CANCELLED";
    case 501: return "UNIMPLEMENTED";
    case 503: return "UNAVAILABLE";
    case 504: return "DEADLINE_EXCEEDED";
    default: return code >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
  }
}

std::string error_info(std::string_view reason) {
  return json::serialize(json::array{json::object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"}, {"reason", reason}, {"domain", "googleapis.com"},
                                                  {"metadata", {{"service", "generativelanguage.googleapis.com"}}}}});
}

template <auto read, auto print>
reply serve(const call& asked) {
  auto request = read(asked);
  if (auto* refused = std::get_if<reply>(&request)) return std::move(*refused);
  return print(std::get<0>(request), asked);
}

json::object model_object(const model_profile& model) {
  return {{"name", "models/" + model.id}, {"version", "001"}, {"displayName", model.id}, {"inputTokenLimit", 1048576}, {"outputTokenLimit", 65536},
          {"supportedGenerationMethods", {"generateContent", "countTokens", "embedContent"}}, {"temperature", 1}, {"topP", 0.95}, {"topK", 64}, {"maxTemperature", 2}};
}

reply list_models(const call& asked) {
  json::array entries;
  for (const model_profile& model : asked.models.all()) entries.push_back(model_object(model));
  return {.body = json::serialize(json::object{{"models", std::move(entries)}})};
}

reply get_model(const call& asked) {
  const std::string id = gemini_model_of(asked);
  if (!asked.models.knows(id)) return gemini_refusal("models/" + id + " is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.", 404);
  return {.body = json::serialize(model_object(asked.models.find(id))), .model = id};
}

constexpr auto generate_content = serve<read_generate, answer_generate>;
constexpr auto count_content = serve<read_gemini_count, answer_gemini_count>;

// "*/publishers/..." stands for /v1/projects/{p}/locations/{l} and Vertex's express mode alike.
constexpr std::array routes = {
    wire_route{"POST", "/v1beta/models/*:generateContent", generate_content},
    wire_route{"POST", "/v1beta/models/*:streamGenerateContent", generate_content},
    wire_route{"POST", "/v1beta/models/*:countTokens", count_content},
    wire_route{"POST", "/v1beta/models/*:embedContent", serve_embed_content},
    wire_route{"POST", "/v1beta/models/*:batchEmbedContents", serve_batch_embed},
    wire_route{"GET", "/v1beta/models", list_models},
    wire_route{"GET", "/v1beta/models/*", get_model},
    // The same under v1, whose models are OpenAI's and Anthropic's, too.
    wire_route{"POST", "/v1/models/*:generateContent", generate_content},
    wire_route{"POST", "/v1/models/*:streamGenerateContent", generate_content},
    wire_route{"POST", "/v1/models/*:countTokens", count_content},
    wire_route{"POST", "/v1/models/*:embedContent", serve_embed_content},
    wire_route{"POST", "/v1/models/*:batchEmbedContents", serve_batch_embed},
    wire_route{"GET", "/v1/models", list_models, "x-goog-api-key"},
    wire_route{"GET", "/v1/models/*", get_model, "x-goog-api-key"},
    wire_route{"POST", "/v1*/publishers/google/models/*:generateContent", generate_content},
    wire_route{"POST", "/v1*/publishers/google/models/*:streamGenerateContent", generate_content},
    wire_route{"POST", "/v1*/publishers/google/models/*:countTokens", count_content},
    wire_route{"POST", "/v1*/publishers/google/models/*:embedContent", serve_embed_content},
};

bool claims(const call& asked) { return asked.path.starts_with("/v1beta") || is_vertex(asked) || asked.find("x-goog-api-key").data() != nullptr; }

std::optional<reply> admit(const call& asked, const key_ring& keys) {
  const std::string_view bearer = bearer_of(asked);
  const std::string by_query = query_value(asked.query, "key");
  const std::string_view by_header = asked.find("x-goog-api-key");
  const std::string_view key = !by_header.empty() ? by_header : std::string_view(by_query);
  if (is_vertex(asked)) {
    if (bearer.empty() && key.empty()) return gemini_refusal("Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.", 401, error_info("CREDENTIALS_MISSING"));
    if (!keys.knows(bearer.empty() ? key : bearer)) return gemini_refusal("Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.", 401, error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED"));
    return std::nullopt;
  }
  if (key.empty() && bearer.empty()) return gemini_refusal("Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.", 403);
  if (!keys.knows(key.empty() ? bearer : key)) return gemini_refusal("API key not valid. Please pass a valid API key.", 400, error_info("API_KEY_INVALID"));
  return std::nullopt;
}

reply refuse(const complaint& why, const call& asked) {
  switch (why.what) {
    case trouble::unauthorized:
      if (is_vertex(asked)) return gemini_refusal(why.or_usual("Request had invalid authentication credentials."), 401, error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED"));
      return gemini_refusal(why.or_usual("API key not valid. Please pass a valid API key."), 400, error_info("API_KEY_INVALID"));
    case trouble::out_of_quota:
      return gemini_refusal(why.or_usual("You exceeded your current quota, please check your plan and billing details."), 429,
                            R"([{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"0"}]}])");
    case trouble::rate_limited:   // Google says when to come back in the body only
      return gemini_refusal(why.or_usual("Resource has been exhausted (e.g. check quota)."), 429,
                            R"([{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_requests","quotaId":"GenerateRequestsPerMinutePerProjectPerModel","quotaValue":"60"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
                                std::to_string(why.retry_after_s) + R"(s"}])");
    case trouble::status: break;
  }
  return gemini_refusal(why.or_usual(usual_words(why.status)), why.status);
}

bool as_array(const reply& begun) { return begun.content_type == "application/json"; }

std::string in_stream(const reply& begun, std::size_t sent, const std::string& text) {
  if (!as_array(begun)) return "data: " + text + "\r\n\r\n";
  return (sent == 0 ? "[" : ",\r\n") + text;
}

std::string break_off(const complaint& why, const reply& begun, std::size_t sent) {
  const std::string body = gemini_error_body(why.status, why.or_usual(usual_words(why.status)));
  return in_stream(begun, sent, body) + (as_array(begun) ? "]" : "");
}

std::string broken_event(const reply& begun, std::size_t sent) { return in_stream(begun, sent, R"({"candidates": [{"content": {"par)"); }
std::string endless_event() { return "data: "; }

constexpr wire gemini{.name = "gemini",
                      .routes = routes,
                      .claims = claims,
                      .admit = admit,
                      .refuse = refuse,
                      .break_off = break_off,
                      .broken_event = broken_event,
                      .endless_event = endless_event,
                      .stream_type = "text/event-stream",
                      .broken_body = R"({"candidates": [{"content": {"parts": [{"te)"};

}  // namespace

const wire& gemini_wire() noexcept { return gemini; }

bool is_vertex(const call& asked) noexcept { return asked.path.find(google_vertex) != std::string_view::npos; }

std::string gemini_model_of(const call& asked) {
  const std::string_view list = "/models/";
  std::string_view model = asked.path.substr(asked.path.rfind(list) + list.size());
  if (asked.method == "POST") model = model.substr(0, model.rfind(':'));
  return percent_decoded(model);
}

std::string gemini_error_body(int code, std::string_view message, std::string_view details_json) {
  json::object error{{"code", code}, {"message", message}, {"status", status_name(code)}};
  if (!details_json.empty()) error["details"] = json::parse(json::string_view(details_json.data(), details_json.size()));
  return json::serialize(json::object{{"error", std::move(error)}});
}

reply gemini_refusal(std::string_view message, int code, std::string_view details_json) {
  return {.status = code, .content_type = "application/json; charset=UTF-8", .body = gemini_error_body(code, message, details_json)};
}

}  // namespace switchyard::sim

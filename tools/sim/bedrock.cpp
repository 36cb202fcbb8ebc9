#include "tools/sim/bedrock.hpp"

#include "tools/sim/aws_signature.hpp"
#include "tools/sim/bedrock_answer.hpp"
#include "tools/sim/bedrock_request.hpp"
#include "tools/sim/event_frames.hpp"

#include <boost/json.hpp>

#include <array>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t longest_clock_skew = 300;   // seconds, as AWS allows

std::string_view error_type(int status) {
  switch (status) {
    case 400: return "ValidationException";
    case 401:
    case 403: return "AccessDeniedException";
    case 404: return "ResourceNotFoundException";
    case 408: return "ModelTimeoutException";
    case 424: return "ModelErrorException";
    case 429: return "ThrottlingException";
    case 503: return "ServiceUnavailableException";
    default: return status >= 500 ? "InternalServerException" : "ValidationException";
  }
}

/// "ThrottlingException" -> "throttlingException": how it is called inside a stream.
std::string in_stream(std::string_view type) {
  std::string name(type);
  name.front() = static_cast<char>(name.front() - 'A' + 'a');
  return name;
}

reply with_id(reply answered, const call& asked) {
  const std::string id = stable_id(std::string(asked.path) + std::string(asked.body), 2);
  answered.headers.emplace_back("x-amzn-requestid", id.substr(0, 8) + "-" + id.substr(8, 4) + "-4" + id.substr(12, 3) + "-8" + id.substr(15, 3) + "-" + id.substr(12, 12));
  return answered;
}

reply converse(const call& asked) {
  auto request = read_converse(asked);
  if (auto* refused = std::get_if<reply>(&request)) return with_id(std::move(*refused), asked);
  return with_id(answer_converse(std::get<conversation>(request), asked), asked);
}

constexpr std::array routes = {
    wire_route{"POST", "/model/*/converse", converse},
    wire_route{"POST", "/model/*/converse-stream", converse},
};

bool claims(const call& asked) { return asked.path.starts_with("/model/") || asked.find("authorization").starts_with("AWS4-"); }

reply not_allowed(std::string_view type, std::string_view message, const call& asked) { return with_id(bedrock_refusal(message, 403, type), asked); }

std::optional<reply> admit(const call& asked, const key_ring& keys) {
  const std::string_view authorization = asked.find("authorization");
  if (authorization.empty()) return not_allowed("MissingAuthenticationTokenException", "Missing Authentication Token", asked);
  if (const std::string_view bearer = bearer_of(asked); !bearer.empty()) {   // Bedrock's own API keys
    if (keys.knows(bearer)) return std::nullopt;
    return not_allowed("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.", asked);
  }
  const auto by = parse_aws_authorization(authorization);
  if (!by) return not_allowed("IncompleteSignatureException", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.", asked);
  const auto when = parse_amz_date(asked.find("x-amz-date"));
  if (!when) return not_allowed("IncompleteSignatureException", "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.", asked);
  if ((";" + std::string(by->signed_headers) + ";").find(";host;") == std::string::npos) return not_allowed("InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.", asked);
  if (by->service != "bedrock") return not_allowed("InvalidSignatureException", "Credential should be scoped to correct service: 'bedrock'.", asked);
  if (!asked.find("x-amz-date").starts_with(by->date)) return not_allowed("InvalidSignatureException", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP", asked);
  if (keys.accepts_any() || (!keys.has_pairs() && keys.knows(by->access_key))) return std::nullopt;
  const std::string_view secret = keys.secret_of(by->access_key);
  if (secret.empty()) return not_allowed("UnrecognizedClientException", "The security token included in the request is invalid.", asked);
  if (*when < asked.unix_time - longest_clock_skew || *when > asked.unix_time + longest_clock_skew) return not_allowed("InvalidSignatureException", "Signature expired: " + std::string(asked.find("x-amz-date")) + " is too far from the service's clock", asked);
  if (aws_signature(asked, *by, secret) != by->signature) {
    return not_allowed("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.", asked);
  }
  return std::nullopt;
}

reply refuse(const complaint& why, const call& asked) {
  switch (why.what) {
    case trouble::unauthorized: return not_allowed("UnrecognizedClientException", why.or_usual("The security token included in the request is invalid."), asked);
    case trouble::out_of_quota: return with_id(bedrock_refusal(why.or_usual("Your request exceeds the service quota for your account."), 400, "ServiceQuotaExceededException"), asked);
    case trouble::rate_limited:   // AWS never says when to come back
      return with_id(bedrock_refusal(why.or_usual("Too many requests, please wait before trying again."), 429, "ThrottlingException"), asked);
    case trouble::status: break;
  }
  return with_id(bedrock_refusal(why.or_usual(usual_words(why.status)), why.status, error_type(why.status)), asked);
}

std::string break_off(const complaint& why, const reply&, std::size_t) {
  const std::string_view words = why.or_usual(usual_words(why.status));
  const std::string_view type = why.status == 500 ? std::string_view("ModelStreamErrorException") : error_type(why.status);
  return exception_frame(in_stream(type), json::serialize(json::object{{"message", words}}));
}

/// A frame whose last CRC is wrong.
std::string broken_event(const reply&, std::size_t) {
  std::string frame = event_frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"broken"}})");
  frame.back() = static_cast<char>(frame.back() ^ 0x55);
  return frame;
}

std::string endless_event() { return frame_prelude(0x7FFFFFF0, 0); }

constexpr wire bedrock{.name = "bedrock",
                       .routes = routes,
                       .claims = claims,
                       .admit = admit,
                       .refuse = refuse,
                       .break_off = break_off,
                       .broken_event = broken_event,
                       .endless_event = endless_event,
                       .stream_type = "application/vnd.amazon.eventstream",
                       .broken_body = R"({"metrics":{"latencyMs":1},"output":{"message":{"content":[{"te)"};

}  // namespace

const wire& bedrock_wire() noexcept { return bedrock; }

reply bedrock_refusal(std::string_view message, int status, std::string_view type) {
  return {.status = status,
          .headers = {{"x-amzn-errortype", std::string(type) + ":http://internal.amazon.com/coral/com.amazon.bedrock/"}},
          .body = json::serialize(json::object{{"message", message}})};
}

}  // namespace switchyard::sim

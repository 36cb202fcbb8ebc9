#include "providers/bedrock/error.hpp"

#include "providers/failure.hpp"
#include "providers/json_scan.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>

namespace switchyard::providers {

namespace {

constexpr std::size_t longest_body = 256u << 10;      // a longer error body is not looked into

/// What an exception's name stands for. Some come with statuses that say something else (ModelNotReady: 429, ModelError: 424).
struct meaning {
  std::string_view name;                 ///< lower case, without "exception"
  failure_kind kind;
  int status;
};

constexpr meaning meanings[] = {
    {"throttling", failure_kind::rate_limited, 429},
    {"throttled", failure_kind::rate_limited, 429},
    {"toomanyrequests", failure_kind::rate_limited, 429},
    {"requestlimitexceeded", failure_kind::rate_limited, 429},
    {"servicequotaexceeded", failure_kind::quota_exhausted, 402},
    {"limitexceeded", failure_kind::quota_exhausted, 402},
    {"validation", failure_kind::request_refused, 400},
    {"resourcenotfound", failure_kind::request_refused, 404},
    {"serialization", failure_kind::request_refused, 400},
    {"conflict", failure_kind::server_error, 409},
    {"unrecognizedclient", failure_kind::unauthorized, 403},
    {"invalidclienttokenid", failure_kind::unauthorized, 403},
    {"invalidsignature", failure_kind::unauthorized, 403},
    {"signaturedoesnotmatch", failure_kind::unauthorized, 403},
    {"incompletesignature", failure_kind::unauthorized, 403},
    {"missingauthenticationtoken", failure_kind::unauthorized, 403},
    {"expiredtoken", failure_kind::unauthorized, 403},
    {"requestexpired", failure_kind::unauthorized, 403},
    {"optinrequired", failure_kind::unauthorized, 403},
    {"notauthorized", failure_kind::unauthorized, 403},
    {"modelnotready", failure_kind::server_error, 503},
    {"serviceunavailable", failure_kind::server_error, 503},
    {"modeltimeout", failure_kind::server_error, 504},
    {"internalserver", failure_kind::server_error, 500},
    {"internalfailure", failure_kind::server_error, 500},
    {"modelerror", failure_kind::server_error, 502},
    {"modelstreamerror", failure_kind::server_error, 502},
};

[[nodiscard]] std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

[[nodiscard]] bool has_any(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

/// "com.amazon.coral.service#ThrottlingException:http://..." -> "throttling"
[[nodiscard]] std::string bare_name(std::string_view name) {
  if (const auto hash = name.rfind('#'); hash != std::string_view::npos) name.remove_prefix(hash + 1);
  std::string out = lower(name.substr(0, name.find(':')));
  constexpr std::string_view ending = "exception";
  if (out.ends_with(ending)) out.resize(out.size() - ending.size());
  return out;
}

struct error_facts {
  std::string name;                      ///< bare_name
  std::string message;
  bool own_shape = false;                ///< an object with a message: a client of Bedrock's may see it
};

[[nodiscard]] error_facts read_error(std::string_view body) {
  error_facts out;
  body.remove_prefix(json::skip_space(body, 0));
  if (body.size() > longest_body) return out;
  if (!json::is_object(body)) {
    if (!body.starts_with('<')) out.message = body;   // a proxy's HTML page says nothing worth passing on
    return out;
  }
  json::members walk(body);
  for (json::member m; walk.next(m);) {
    if (!json::is_string(m.value)) continue;
    if (m.name == "message" || m.name == "Message")
      out.message = json::unescape(m.value);
    else if (m.name == "originalMessage" && json::has_text(m.value) && out.message.find(json::unescape(m.value)) == std::string::npos)
      out.message += (out.message.empty() ? "" : ": ") + json::unescape(m.value);
    else if (m.name == "__type" || (m.name == "code" && out.name.empty()))
      out.name = bare_name(json::unescape(m.value));
  }
  out.own_shape = !out.message.empty();
  return out;
}

[[nodiscard]] meaning by_status(int status) noexcept {
  if (status < 400) return {"", failure_kind::bad_response, status};
  if (status == 402) return {"", failure_kind::quota_exhausted, status};
  if (status == 401 || status == 403) return {"", failure_kind::unauthorized, status};
  if (status == 429) return {"", failure_kind::rate_limited, status};
  if (status == 408 || status == 409 || status == 424 || status == 499 || status >= 500) return {"", failure_kind::server_error, status};
  return {"", failure_kind::request_refused, status};
}

[[nodiscard]] meaning meaning_of(const error_facts& facts, int status) {
  const auto message = lower(facts.message);
  // A 403 about one model says nothing about the key's other models; one about the signature or the caller does.
  if (facts.name == "accessdenied" && has_any(message, {"access to the model", "access to this model", "model access", "model id"}) &&
      !has_any(message, {"is not authorized to perform"}))
    return {"", failure_kind::request_refused, 403};
  if (facts.name == "accessdenied") return {"", failure_kind::unauthorized, 403};
  for (const auto& row : meanings) {
    if (facts.name != row.name) continue;
    if (row.kind == failure_kind::rate_limited && has_any(message, {"per day"})) return {"", failure_kind::quota_exhausted, 429};
    // A gateway in between may have its own status for the same; a refusal keeps the one it came with.
    return {"", row.kind, row.kind == failure_kind::request_refused && status >= 400 ? status : row.status};
  }
  return by_status(status == 0 ? 500 : status);
}

[[nodiscard]] failure judge(const error_facts& facts, int status, std::string_view credential) {
  const auto what = meaning_of(facts, status);
  return failure_of(what.kind, what.status, facts.message, {}, credential);
}

}  // namespace

failure judge_bedrock_error(int status, std::span<const header> headers, std::string_view body, wall_time now, std::string_view credential) {
  error_facts facts = read_error(body);
  if (const auto name = find_header(headers, "x-amzn-errortype"); !name.empty()) facts.name = bare_name(name);
  // An error's status is what it says; a success that is no answer is judged by the error it names, if it names one.
  failure out = judge(facts, status == 0 && !facts.own_shape ? 1 : status, credential);
  take_retry_after(out, read_retry_after(headers, now));
  if (out.kind == failure_kind::request_refused && facts.own_shape) out.body_for_client = body_for_client(body, credential);
  return out;
}

failure judge_bedrock_exception(const event_frame& frame, std::string_view credential) {
  error_facts facts = read_error(frame.payload);
  facts.name = bare_name(frame.event_type);
  if (!frame.error_message.empty()) facts.message = frame.error_message;
  return judge(facts, 0, credential);
}

failure bad_bedrock_stream(std::string_view why) { return bad_response("the provider's stream cannot be read: " + std::string(why)); }

std::string_view bedrock_exception_of(const error& what) noexcept {
  const int status = http_status(what);
  switch (status) {
    case 401: return "UnrecognizedClientException";
    case 402: return "ServiceQuotaExceededException";
    case 403: return "AccessDeniedException";
    case 404: return "ResourceNotFoundException";
    case 408:
    case 504: return "ModelTimeoutException";
    case 429: return "ThrottlingException";
    case 502:
    case 503: return "ServiceUnavailableException";
    default: break;
  }
  return status >= 500 ? "InternalServerException" : "ValidationException";
}

void append_bedrock_error(std::string& out, const error& what) {
  out += R"({"message":)";
  json::append_string(out, what.message);
  out += R"(,"code":")";
  out += to_string(what.code);
  out += "\"}";
}

void append_bedrock_exception(std::string& out, const error& what) {
  const int status = http_status(what);
  const std::string_view type = status == 429                                   ? "throttlingException"
                                : status == 503                                 ? "serviceUnavailableException"
                                : what.origin == error_origin::upstream         ? "modelStreamErrorException"
                                : status >= 500 || status == 408 || status < 400 ? "internalServerException"
                                                                                : "validationException";
  frame_writer frame(out, "exception", type);
  append_bedrock_error(out, what);
  frame.end();
}

}  // namespace switchyard::providers

// OpenAI's format towards clients.
//
//   error:            {"error":{"message":M,"type":T,"param":P|null,"code":C}}
//   stream, chat:     data: {"error":{...}}\n\n                       the SDKs raise APIError when an event has "error"
//   stream, responses: responses_error_event()
#include "providers/json_scan.hpp"
#include "providers/openai/error.hpp"
#include "providers/registry.hpp"
#include "providers/request_body.hpp"

namespace switchyard::providers {

namespace {

[[nodiscard]] std::string_view error_type(const error& what) noexcept {
  const int status = http_status(what);
  if (status == 402) return "insufficient_quota";
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

void append_param(std::string& out, const error& what) {
  if (what.param.empty())
    out += "null";
  else
    json::append_string(out, what.param);
}

/// {"message":...,"type":...,"param":...,"code":...}
void append_error(std::string& out, const error& what) {
  out += R"({"message":)";
  json::append_string(out, what.message);
  out += R"(,"type":")";
  out += error_type(what);
  out += R"(","param":)";
  append_param(out, what);
  out += R"(,"code":")";
  out += to_string(what.code);
  out += "\"}";
}

void append_model(std::string& out, const ingress::model_row& model) {
  out += R"({"id":)";
  json::append_string(out, model.id);
  out += R"(,"object":"model","created":0,"owned_by":)";
  json::append_string(out, model.owned_by);
  out += '}';
}

constexpr std::string_view output_limits[] = {"/max_completion_tokens", "/max_output_tokens", "/max_tokens"};
constexpr std::string_view schemas[] = {"tools", "functions", "response_format"};
constexpr std::string_view instructions[] = {"instructions"};
constexpr std::string_view kept_by_provider[] = {"prompt", "conversation", "previous_response_id"};

constexpr body_grammar chat_grammar = {.required = "messages", .limits = output_limits, .input_schemas = schemas};
constexpr body_grammar completions_grammar = {.required = "prompt", .shape = required_shape::text_or_array, .limits = output_limits};
constexpr body_grammar embeddings_grammar = {.required = "input", .shape = required_shape::text_or_array};
// A stored prompt or a conversation may stand in for the input of a response.
constexpr body_grammar responses_grammar = {.required = "input", .shape = required_shape::text_array_or_absent, .limits = output_limits,
                                            .input_text = instructions, .input_schemas = schemas, .instead = kept_by_provider};

[[nodiscard]] const body_grammar& grammar_of(api operation) noexcept {
  switch (operation) {
    case api::responses: return responses_grammar;
    case api::completions: return completions_grammar;
    case api::embeddings: return embeddings_grammar;
    default: return chat_grammar;
  }
}

class openai_format final : public ingress {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "openai"; }

  using ingress::parse;
  [[nodiscard]] result<api_request> parse(const operation_target& where, std::string_view body) const override {
    return read_request_body(grammar_of(where.operation), where, body);
  }

  [[nodiscard]] std::string error_body(const error& what) const override {
    std::string out = R"({"error":)";
    append_error(out, what);
    out += '}';
    return out;
  }

  [[nodiscard]] std::string stream_error(api operation, const error& what) const override {
    if (operation == api::responses) return responses_error_event(what, 0);
    std::string out = R"(data: {"error":)";
    append_error(out, what);
    out += "}\n\n";
    return out;
  }

  [[nodiscard]] std::string models_body(std::span<const model_row> models) const override {
    std::string out = R"({"object":"list","data":[)";
    bool first = true;
    for (const auto& model : models) {
      if (!first) out += ',';
      first = false;
      append_model(out, model);
    }
    out += "]}";
    return out;
  }

  [[nodiscard]] std::string model_body(const model_row& model) const override {
    std::string out;
    append_model(out, model);
    return out;
  }
};

}  // namespace

std::string responses_error_event(const error& what, std::int64_t sequence_number) {
  std::string out = "event: error\ndata: {\"type\":\"error\",\"code\":\"";
  out += to_string(what.code);
  out += R"(","message":)";
  json::append_string(out, what.message);
  out += R"(,"param":)";
  append_param(out, what);
  out += R"(,"sequence_number":)";
  out += std::to_string(sequence_number);
  out += R"(,"error":)";
  append_error(out, what);
  out += "}\n\n";
  return out;
}

const ingress& openai_ingress() noexcept {
  static const openai_format format;
  return format;
}

}  // namespace switchyard::providers

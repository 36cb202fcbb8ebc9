// Gemini's format towards clients.
//
//   error:            {"error":{"code":N,"message":M,"status":NAME,"details":[ErrorInfo{reason: our code}, BadRequest?, RetryInfo?]}}
//   stream, events:   data: {"error":{…}}\r\n\r\n         (in an array the stream's own writer puts the same object)
//   models:           {"models":[{"name":"models/provider/model",…}]}
#include "providers/gemini/error.hpp"
#include "providers/gemini/stream.hpp"
#include "providers/json_out.hpp"
#include "providers/registry.hpp"
#include "providers/request_body.hpp"

namespace switchyard::providers {

namespace gemini {

void append_error(std::string& into, const error& what) {
  json::out out(into);
  out.begin_object();
  out.key("error");
  out.begin_object();
  const int status = http_status(what);
  out.number("code", status);
  out.text("message", what.message);
  out.text("status", status_name(status));
  out.key("details");
  out.begin_array();
  out.begin_object();
  out.text("@type", "type.googleapis.com/google.rpc.ErrorInfo");
  out.text("reason", to_string(what.code));
  out.text("domain", "switchyard");
  out.end_object();
  if (!what.param.empty()) {
    out.begin_object();
    out.text("@type", "type.googleapis.com/google.rpc.BadRequest");
    out.key("fieldViolations");
    out.begin_array();
    out.begin_object();
    out.text("field", what.param);
    out.text("description", what.message);
    out.end_object();
    out.end_array();
    out.end_object();
  }
  if (what.retry_after_s > 0) {
    out.begin_object();
    out.text("@type", "type.googleapis.com/google.rpc.RetryInfo");
    out.text("retryDelay", std::to_string(what.retry_after_s) + "s");
    out.end_object();
  }
  out.end_array();
  out.end_object();
  out.end_object();
}

}  // namespace gemini

namespace {

constexpr std::string_view output_limits[] = {"/generationConfig/maxOutputTokens", "/generation_config/max_output_tokens",
                                              "/generationConfig/max_output_tokens", "/generation_config/maxOutputTokens"};
constexpr std::string_view instructions[] = {"systemInstruction", "system_instruction", "generateContentRequest",
                                             "generate_content_request"};
constexpr std::string_view schemas[] = {"tools"};
constexpr std::string_view whole_request[] = {"generateContentRequest", "generate_content_request"};

constexpr auto one_or_more = required_shape::objects_or_one;
constexpr body_grammar generate_grammar = {.required = "contents", .shape = one_or_more, .model_in_body = false, .stream_in_body = false,
                                           .limits = output_limits, .input_text = instructions, .input_schemas = schemas};
constexpr body_grammar count_grammar = {.required = "contents", .shape = one_or_more, .model_in_body = false, .stream_in_body = false,
                                        .input_text = instructions, .input_schemas = schemas, .instead = whole_request};
constexpr body_grammar embed_grammar = {.required = "content", .shape = required_shape::object, .model_in_body = false,
                                        .stream_in_body = false};
constexpr body_grammar batch_grammar = {.required = "requests", .shape = one_or_more, .model_in_body = false, .stream_in_body = false};

[[nodiscard]] const body_grammar& grammar_of(api operation) noexcept {
  switch (operation) {
    case api::count_content_tokens: return count_grammar;
    case api::embed_content: return embed_grammar;
    case api::batch_embed_contents: return batch_grammar;
    default: return generate_grammar;
  }
}

/// We do not know which models generate and which embed; clients look for the method they need.
void append_model(json::out& out, const ingress::model_row& model) {
  out.begin_object();
  out.text("name", "models/" + model.id);
  out.text("version", "");
  out.text("displayName", model.id);
  out.text("description", "served by " + model.owned_by);
  out.raw("supportedGenerationMethods", R"(["generateContent","countTokens","embedContent","batchEmbedContents"])");
  out.end_object();
}

class gemini_format final : public ingress {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "gemini"; }

  using ingress::parse;
  [[nodiscard]] result<api_request> parse(const operation_target& where, std::string_view body) const override {
    return read_request_body(grammar_of(where.operation), where, body);
  }

  [[nodiscard]] std::string error_body(const error& what) const override {
    std::string out;
    gemini::append_error(out, what);
    return out;
  }

  [[nodiscard]] std::string stream_error(api, const error& what) const override {
    std::string out = "data: ";
    gemini::append_error(out, what);
    out += "\r\n\r\n";
    return out;
  }

  [[nodiscard]] std::string models_body(std::span<const model_row> models) const override {
    std::string text;
    json::out out(text);
    out.begin_object();
    out.list("models", models, append_model);
    out.end_object();
    return text;
  }

  [[nodiscard]] std::string model_body(const model_row& model) const override {
    std::string text;
    json::out out(text);
    append_model(out, model);
    return text;
  }

  [[nodiscard]] std::string count_body(std::int64_t input_tokens) const override {
    return "{\"totalTokens\":" + std::to_string(input_tokens) + "}";
  }

  [[nodiscard]] std::string_view stream_content_type(const api_request& request) const noexcept override {
    return request.as_array ? "application/json; charset=UTF-8" : "text/event-stream; charset=utf-8";
  }
};

}  // namespace

const ingress& gemini_ingress() noexcept {
  static const gemini_format format;
  return format;
}

}  // namespace switchyard::providers

// Bedrock's Converse API towards clients: boto3 and everything else built on AWS's SDKs.
//
//   request:  POST /model/{id}/converse | converse-stream; model and stream come from the path
//   error:    {"message":M,"code":C} with x-amzn-errortype: ThrottlingException; SDKs raise by that name
//   stream:   frames (event_stream.hpp); an error is an exception frame
//   models:   Bedrock's list is another service's; this has its shape: {"modelSummaries":[{"modelId":"provider/model",...}]}
#include "providers/bedrock/error.hpp"
#include "providers/json_out.hpp"
#include "providers/registry.hpp"
#include "providers/request_body.hpp"

namespace switchyard::providers {

namespace {

constexpr std::string_view output_limits[] = {"/inferenceConfig/maxTokens"};
constexpr std::string_view instructions[] = {"system"};
constexpr std::string_view schemas[] = {"toolConfig"};
constexpr std::string_view stored_prompt[] = {"promptVariables"};   // the model is a prompt's ARN then

constexpr body_grammar converse_grammar = {.required = "messages", .model_in_body = false, .stream_in_body = false, .limits = output_limits,
                                           .input_text = instructions, .input_schemas = schemas, .instead = stored_prompt};

void write_model(json::out& out, const ingress::model_row& model) {
  out.begin_object();
  out.text("modelId", model.id);
  out.text("modelName", model.id);
  out.text("providerName", model.owned_by);
  out.boolean("responseStreamingSupported", true);
  out.raw("inputModalities", R"(["TEXT"])");
  out.raw("outputModalities", R"(["TEXT"])");
  out.raw("inferenceTypesSupported", R"(["ON_DEMAND"])");
  out.end_object();
}

class bedrock_format final : public ingress {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "bedrock"; }

  using ingress::parse;
  [[nodiscard]] result<api_request> parse(const operation_target& where, std::string_view body) const override {
    return read_request_body(converse_grammar, where, body);
  }

  [[nodiscard]] std::string error_body(const error& what) const override {
    std::string out;
    append_bedrock_error(out, what);
    return out;
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> error_headers(const error& what) const override {
    return {{"x-amzn-errortype", std::string(bedrock_exception_of(what))}};
  }
  [[nodiscard]] std::string stream_error(api, const error& what) const override {
    std::string out;
    append_bedrock_exception(out, what);
    return out;
  }

  [[nodiscard]] std::string models_body(std::span<const model_row> models) const override {
    std::string text;
    json::out out(text);
    out.begin_object();
    out.list("modelSummaries", models, write_model);
    out.end_object();
    return text;
  }
  [[nodiscard]] std::string model_body(const model_row& model) const override {
    std::string text;
    json::out out(text);
    out.begin_object();
    out.key("modelDetails");
    write_model(out, model);
    out.end_object();
    return text;
  }

  [[nodiscard]] std::string_view request_id_header() const noexcept override { return "x-amzn-requestid"; }
  [[nodiscard]] std::string_view stream_content_type(const api_request&) const noexcept override { return "application/vnd.amazon.eventstream"; }
};

}  // namespace

const ingress& bedrock_ingress() noexcept {
  static const bedrock_format format;
  return format;
}

}  // namespace switchyard::providers

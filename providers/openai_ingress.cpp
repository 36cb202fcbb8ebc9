// OpenAI's format towards clients.
//
//   error:            {"error":{"message":M,"type":T,"param":P|null,"code":C}}
//   stream, chat:     data: {"error":{...}}\n\n                       the SDKs raise APIError when an event has "error"
//   stream, responses: event: error\n data: {"type":"error","code":C,"message":M,"param":P|null,"sequence_number":0,"error":{...}}\n\n
//                     the documented event is flat, the SDKs (and OpenAI itself) use the nested object: both are there
#include "providers/json_scan.hpp"
#include "providers/openai_request.hpp"
#include "providers/registry.hpp"

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

class openai_format final : public ingress {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "openai"; }

  [[nodiscard]] result<api_request> parse(api operation, std::string_view body) const override {
    return parse_openai_request(operation, body);
  }

  [[nodiscard]] std::string error_body(const error& what) const override {
    std::string out = R"({"error":)";
    append_error(out, what);
    out += '}';
    return out;
  }

  [[nodiscard]] std::string stream_error(api operation, const error& what) const override {
    std::string out;
    if (operation == api::responses) {
      out = "event: error\ndata: {\"type\":\"error\",\"code\":\"";
      out += to_string(what.code);
      out += R"(","message":)";
      json::append_string(out, what.message);
      out += R"(,"param":)";
      append_param(out, what);
      out += R"(,"sequence_number":0,"error":)";
    } else {
      out = R"(data: {"error":)";
    }
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

const ingress& openai_ingress() noexcept {
  static const openai_format format;
  return format;
}

}  // namespace switchyard::providers

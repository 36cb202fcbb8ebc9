// Anthropic's format towards clients.
//
//   error:   {"type":"error","error":{"type":T,"message":M,"code":C}}      `code` is ours, beside what Anthropic's clients know
//   stream:  event: error\ndata: {"type":"error","error":{…}}\n\n
//   models:  {"data":[{"type":"model","id":I,"display_name":I,"created_at":EPOCH}],"has_more":false,"first_id":I|null,"last_id":I|null}
//   count:   {"input_tokens":N}
#include "providers/json_out.hpp"
#include "providers/registry.hpp"
#include "providers/request_body.hpp"

namespace switchyard::providers {

namespace {

constexpr std::string_view unknown_date = "1970-01-01T00:00:00Z";   // what Anthropic says of a model whose date it does not know

[[nodiscard]] std::string_view error_type(const error& what) noexcept {
  switch (const int status = http_status(what); status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 408: return "timeout_error";
    case 409: return "conflict_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503:
    case 529: return "overloaded_error";
    case 504: return "timeout_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

[[nodiscard]] std::string error_object(const error& what) {
  std::string text;
  json::out out(text);
  out.begin_object();
  out.text("type", "error");
  out.key("error");
  out.begin_object();
  out.text("type", error_type(what));
  out.text("message", what.message);
  out.text("code", to_string(what.code));
  out.end_object();
  out.end_object();
  return text;
}

void write_model(json::out& out, const ingress::model_row& model) {
  out.begin_object();
  out.text("type", "model");
  out.text("id", model.id);
  out.text("display_name", model.id);
  out.text("created_at", unknown_date);
  out.end_object();
}

constexpr std::string_view output_limits[] = {"/max_tokens"};
constexpr std::string_view texts[] = {"system"};
constexpr std::string_view schemas[] = {"tools", "output_config", "output_format"};
constexpr body_grammar grammar = {.required = "messages", .limits = output_limits, .input_text = texts, .input_schemas = schemas};

class anthropic_format final : public ingress {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "anthropic"; }

  using ingress::parse;
  [[nodiscard]] result<api_request> parse(const operation_target& where, std::string_view body) const override {
    auto read = read_request_body(grammar, where, body);
    if (!read || where.operation != api::messages || read->max_output_tokens > 0) return read;
    // 0 is allowed: it warms the provider's cache and generates nothing.
    const auto given = json::find(body, "max_tokens");
    if (given.empty() || json::is_null(given)) return client_error(error_code::invalid_request, "max_tokens: Field required", "max_tokens");
    if (!json::as_count(given))
      return client_error(error_code::invalid_request, "max_tokens: expected an integer, at least 0", "max_tokens");
    return read;
  }

  [[nodiscard]] std::string error_body(const error& what) const override { return error_object(what); }

  [[nodiscard]] std::string stream_error(api, const error& what) const override {
    return "event: error\ndata: " + error_object(what) + "\n\n";
  }

  [[nodiscard]] std::string models_body(std::span<const model_row> models) const override {
    std::string text;
    json::out out(text);
    out.begin_object();
    out.list("data", models, write_model);
    out.boolean("has_more", false);
    out.key("first_id");
    models.empty() ? out.null() : out.text(models.front().id);
    out.key("last_id");
    models.empty() ? out.null() : out.text(models.back().id);
    out.end_object();
    return text;
  }

  [[nodiscard]] std::string model_body(const model_row& model) const override {
    std::string text;
    json::out out(text);
    write_model(out, model);
    return text;
  }

  [[nodiscard]] std::string_view request_id_header() const noexcept override { return "request-id"; }
};

}  // namespace

const ingress& anthropic_ingress() noexcept {
  static const anthropic_format format;
  return format;
}

}  // namespace switchyard::providers

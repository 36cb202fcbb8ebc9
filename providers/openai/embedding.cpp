// OpenAI's embeddings.
//
//   request = {"model","input": S | [S…] | [N…] | [[N…]…], "dimensions"?, "encoding_format"?: "float"|"base64", "user"?}
//   answer  = {"object":"list","data":[{"object":"embedding","index","embedding": [N…] | base64}],"model","usage":{"prompt_tokens","total_tokens"}}
//
// Voyage and others of the family also take input_type and truncation.
#include "config/presets.hpp"
#include "providers/embedding.hpp"
#include "providers/json_out.hpp"
#include "providers/openai/chat.hpp"
#include "providers/openai/error.hpp"

namespace switchyard::providers {

namespace {

using neutral::json_text;

[[nodiscard]] error refused(std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); }

[[nodiscard]] bool is_number(std::string_view value) noexcept {
  return !value.empty() && ((value.front() >= '0' && value.front() <= '9') || value.front() == '-');
}

class openai_embedding_format final : public embedding_dialect {
 public:
  [[nodiscard]] result<neutral::embedding_request> read_request(std::string_view body, neutral::arena&) const override {
    neutral::embedding_request out;
    json_text input;
    json::members walk(body.substr(json::skip_space(body, 0)));
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value) || m.name == "model" || m.name == "fallbacks") continue;
      if (m.name == "input") input = m.value;
      else if (m.name == "dimensions") out.dimensions = {m.value, "dimensions"};
      else if (m.name == "encoding_format") out.encoding_format = {m.value, "encoding_format"};
      else if (m.name == "user") out.user = {m.value, "user"};
      else if (m.name == "input_type") out.input_type = {m.value, "input_type"};
      else if (m.name == "truncation") out.truncation = {m.value, "truncation"};
      else out.unknown.push_back(m.name);
    }
    if (json::is_string(input)) {
      out.single = true;
      out.inputs.push_back(input);
      return out;
    }
    json::elements list(input);
    for (std::string_view entry; list.next(entry);) {
      if (is_number(entry)) {   // the list is one input, as tokens
        out.single = true;
        out.inputs.assign(1, input);
        return out;
      }
      if (!json::is_string(entry) && !json::is_array(entry))
        return client_error(error_code::invalid_request, "input must be a text, a list of texts or token arrays", "input");
      out.inputs.push_back(entry);
    }
    if (out.inputs.empty()) return client_error(error_code::invalid_request, "input must not be empty", "input");
    return out;
  }

  [[nodiscard]] outcome write_request(const neutral::embedding_request& what, const write_target& where, std::string& into,
                                      neutral::dropped_fields& dropped) const override {
    for (const auto name : what.unknown) dropped.add(name);
    json::out out(into);
    out.begin_object();
    out.text("model", where.model);
    out.key("input");
    if (what.single && what.inputs.size() == 1) {
      out.raw(what.inputs.front());
    } else {
      out.begin_array();
      for (const auto input : what.inputs) out.raw(input);
      out.end_array();
    }
    out.raw_if("dimensions", what.dimensions.value);
    out.raw_if("encoding_format", what.encoding_format.value);
    out.raw_if("user", what.user.value);
    if (config::family_row(where.provider).original) {
      dropped.add_if(what.input_type);
      dropped.add_if(what.truncation);
    } else {
      out.raw_if("input_type", what.input_type.value);
      out.raw_if("truncation", what.truncation.value);
    }
    dropped.add_if(what.task_type);
    dropped.add_if(what.title);
    out.end_object();
    return done{};
  }

  [[nodiscard]] result<neutral::embedding_answer> read_answer(std::string_view body, neutral::arena&) const override {
    neutral::embedding_answer out;
    json_text data;
    json::members walk(body.substr(json::skip_space(body, 0)));
    for (json::member m; walk.next(m);) {
      if (m.name == "data") data = m.value;
      else if (m.name == "model") out.model = chat::text_or_nothing(m.value);
      else if (m.name == "usage") {
        chat::read_usage(m.value, out.usage);
        if (!out.usage.input) out.usage.input = json::as_count(json::find(m.value, "total_tokens"));   // Voyage
      }
    }
    if (!json::is_array(data)) {
      if (const auto problem = json::find(body, "error"); json::has_entries(problem) || json::has_text(problem))
        return judge_error(0, body, {}, wall_time{}, {}).what;
      return refused("the provider's answer has no data");
    }
    json::elements list(data);
    std::size_t place = 0;
    for (std::string_view entry; list.next(entry); ++place) {
      const auto vector = json::find(entry, "embedding");
      if (!json::is_array(vector) && !json::is_string(vector)) return refused("the provider's answer has an entry without an embedding");
      const auto index = static_cast<std::size_t>(json::as_count(json::find(entry, "index")).value_or(static_cast<std::int64_t>(place)));
      if (index > body.size()) return refused("the provider's answer has an embedding with an index that cannot be");
      if (out.vectors.size() <= index) out.vectors.resize(index + 1);
      out.vectors[index] = vector;
    }
    for (const auto vector : out.vectors)
      if (vector.empty()) return refused("the provider's answer lacks an embedding");
    return out;
  }

  void write_answer(const neutral::embedding_answer& what, const neutral::embedding_request& asked, const answer_context& context,
                    std::string& into) const override {
    const bool as_base64 = json::is_text(asked.encoding_format.value, "base64");
    json::out out(into);
    out.begin_object();
    out.raw("object", "\"list\"");
    out.key("data"), out.begin_array();
    std::int64_t index = 0;
    for (const auto vector : what.vectors) {
      neutral::arena texts;   // for one vector at a time
      out.begin_object();
      out.raw("object", "\"embedding\"");
      out.number("index", index++);
      out.raw("embedding", as_base64 ? vector_as_base64(vector, texts) : vector_as_numbers(vector, texts));
      out.end_object();
    }
    out.end_array();
    chat::write_model(what.model, context, out);
    out.key("usage"), out.begin_object();
    out.number("prompt_tokens", what.usage.input.value_or(0));
    out.number("total_tokens", what.usage.input.value_or(0) + what.usage.output.value_or(0));
    out.end_object();
    out.end_object();
  }
};

}  // namespace

const embedding_dialect& openai_embedding_dialect() noexcept {
  static const openai_embedding_format format;
  return format;
}

}  // namespace switchyard::providers

// Cohere's embeddings, spoken to providers only.
//
//   request = {"model","texts":[S…],"input_type":T,"embedding_types":["float"],"output_dimension"?,"truncate"?: "NONE"|"START"|"END"}
//   answer  = {"id","embeddings":{"float":[[N…]…]},"meta":{"billed_units":{"input_tokens"}}}
//
// T says what the vectors are for and must be given: a document, where the client does not say.
#include "providers/cohere/chat.hpp"
#include "providers/embedding.hpp"
#include "providers/openai/error.hpp"

namespace switchyard::providers {

namespace {

using neutral::json_text;

[[nodiscard]] error refused(std::string why) { return upstream_failure(error_code::upstream_error, std::move(why)); }

/// Cohere's word for what a client says the vectors are for: Gemini's task types, Voyage's input types, Cohere's own. "" for any other.
[[nodiscard]] std::string_view input_type(std::string_view wish) noexcept {
  constexpr std::string_view own[] = {"search_document", "search_query", "classification", "clustering"};
  for (const auto name : own)
    if (wish == name) return name;
  if (wish == "RETRIEVAL_QUERY" || wish == "QUESTION_ANSWERING" || wish == "FACT_VERIFICATION" || wish == "CODE_RETRIEVAL_QUERY" || wish == "query") return "search_query";
  if (wish == "RETRIEVAL_DOCUMENT" || wish == "document") return "search_document";
  if (wish == "CLASSIFICATION") return "classification";
  if (wish == "CLUSTERING") return "clustering";
  return {};
}

class cohere_embedding_format final : public embedding_dialect {
 public:
  [[nodiscard]] outcome write_request(const neutral::embedding_request& what, const write_target& where, std::string& into,
                                      neutral::dropped_fields& dropped) const override {
    for (const auto name : what.unknown) dropped.add(name);
    json::out out(into);
    out.begin_object();
    out.text("model", where.model);
    out.key("texts"), out.begin_array();
    for (const auto input : what.inputs) {
      if (!json::is_string(input)) return client_error(error_code::invalid_request, "input: this provider takes texts, no token numbers", "input");
      out.raw(input);
    }
    out.end_array();
    std::string_view type = "search_document";
    for (const auto* wish : {&what.task_type, &what.input_type}) {
      if (!*wish) continue;
      if (const auto known = input_type(json::inside(wish->value)); !known.empty()) type = known;
      else dropped.add_if(*wish);
    }
    out.text("input_type", type);
    out.raw("embedding_types", R"(["float"])");
    out.raw_if("output_dimension", what.dimensions.value);
    if (what.truncation) out.text("truncate", what.truncation.value == "false" ? "NONE" : "END");
    dropped.add_if(what.title);
    dropped.add_if(what.user);
    out.end_object();
    return done{};
  }

  [[nodiscard]] result<neutral::embedding_answer> read_answer(std::string_view body, neutral::arena&) const override {
    neutral::embedding_answer out;
    const auto embeddings = json::find(body, "embeddings");
    const auto vectors = json::is_array(embeddings) ? embeddings : json::find(embeddings, "float");   // its first version: the list itself
    if (!json::is_array(vectors)) {
      if (json::has_text(json::find(body, "message"))) return judge_error(0, body, {}, wall_time{}, {}).what;
      return refused("the provider's answer has no embeddings");
    }
    json::elements walk(vectors);
    for (std::string_view vector; walk.next(vector);) {
      if (!json::is_array(vector)) return refused("the provider's answer has an embedding that is no list of numbers");
      out.vectors.push_back(vector);
    }
    out.usage.input = json::as_count(json::find(json::find(json::find(body, "meta"), "billed_units"), "input_tokens"));
    return out;
  }

  // No client comes with it.
  [[nodiscard]] result<neutral::embedding_request> read_request(std::string_view body, neutral::arena& texts) const override {
    return openai_embedding_dialect().read_request(body, texts);
  }
  void write_answer(const neutral::embedding_answer& what, const neutral::embedding_request& asked, const answer_context& context,
                    std::string& out) const override {
    openai_embedding_dialect().write_answer(what, asked, context, out);
  }
};

}  // namespace

const embedding_dialect& cohere_embedding_dialect() noexcept {
  static const cohere_embedding_format format;
  return format;
}

}  // namespace switchyard::providers

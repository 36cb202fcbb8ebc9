#include "tools/sim/embedding.hpp"
#include "tools/sim/gemini.hpp"
#include "tools/sim/gemini_answer.hpp"
#include "tools/sim/gemini_fields.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t default_dimensions = 768;
constexpr std::int64_t most_dimensions = 3072;
constexpr std::size_t most_requests = 100;

/// One EmbedContentRequest; the vector's object, or a refusal.
parsed<json::object> embed_one(const json::object& body, const std::string& model, const std::string& where, std::size_t& tokens) {
  const json::object* content = object_of(body, "content");
  const json::array* parts = content ? array_of(*content, "parts") : nullptr;
  if (!parts || parts->empty()) return gemini_refusal("* " + where + ".content: contents is not specified\n");
  std::string text;
  for (const json::value& part : *parts) {
    if (!part.get_object().contains("text")) return gemini_refusal("* " + where + ".content: only text can be embedded by this model\n");
    if (!text.empty()) text += '\n';
    text += text_of(part.get_object(), "text");
  }
  if (text.empty()) return gemini_refusal("* " + where + ".content: content is empty\n");
  std::int64_t dimensions = default_dimensions;
  if (const json::value* wanted = field_of(body, "outputDimensionality")) dimensions = wanted->get_int64();
  if (dimensions < 1 || dimensions > most_dimensions) return gemini_refusal("* " + where + ".output_dimensionality: out of range\n");
  if (!text_of(body, "title").empty() && text_of(body, "taskType") != "RETRIEVAL_DOCUMENT") return gemini_refusal("* " + where + ".title: title is only allowed with task_type RETRIEVAL_DOCUMENT\n");
  tokens += count_tokens(text);
  json::array values;
  for (const float x : embed_text(model, text, static_cast<std::size_t>(dimensions))) values.push_back(x);
  return json::object{{"values", std::move(values)}};
}

}  // namespace

reply serve_embed_content(const call& asked) {
  auto body = read_gemini_fields(asked.body, gemini_message::embed, is_vertex(asked));
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  reply out{.model = gemini_model_of(asked)};
  auto made = embed_one(std::get<json::object>(body), out.model, "EmbedContentRequest", out.input_tokens);
  if (auto* refused = std::get_if<reply>(&made)) return std::move(*refused);
  out.body = json::serialize(json::object{{"embedding", std::move(std::get<json::object>(made))}});
  return out;
}

reply serve_batch_embed(const call& asked) {
  auto body = read_gemini_fields(asked.body, gemini_message::batch_embed, is_vertex(asked));
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  const json::array* requests = array_of(std::get<json::object>(body), "requests");
  if (!requests || requests->empty()) return gemini_refusal("* BatchEmbedContentsRequest.requests: requests is not specified\n");
  if (requests->size() > most_requests) return gemini_refusal("* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n");
  reply out{.model = gemini_model_of(asked)};
  json::array vectors;
  for (const json::value& request : *requests) {
    const std::string where = "BatchEmbedContentsRequest.requests[" + std::to_string(vectors.size()) + "]";
    if (text_of(request.get_object(), "model") != "models/" + out.model) return gemini_refusal("* " + where + ".model: the model of each request must be the batch's: models/" + out.model + "\n");
    auto made = embed_one(request.get_object(), out.model, where, out.input_tokens);
    if (auto* refused = std::get_if<reply>(&made)) return std::move(*refused);
    vectors.push_back(std::move(std::get<json::object>(made)));
  }
  out.body = json::serialize(json::object{{"embeddings", std::move(vectors)}});
  return out;
}

}  // namespace switchyard::sim

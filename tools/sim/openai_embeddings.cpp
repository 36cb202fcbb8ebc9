#include "tools/sim/embedding.hpp"
#include "tools/sim/openai.hpp"
#include "tools/sim/openai_answer.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <bit>
#include <cstring>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t default_dimensions = 256;
constexpr std::int64_t most_dimensions = 4096;

/// Little-endian float32, as OpenAI encodes them.
std::string base64(const std::vector<float>& vector) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static_assert(std::endian::native == std::endian::little);
  std::vector<unsigned char> bytes(vector.size() * sizeof(float));
  std::memcpy(bytes.data(), vector.data(), bytes.size());
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const unsigned group = (bytes[i] << 16) | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    out += alphabet[group >> 18];
    out += alphabet[(group >> 12) & 63];
    out += left > 1 ? alphabet[(group >> 6) & 63] : '=';
    out += left > 2 ? alphabet[group & 63] : '=';
  }
  return out;
}

/// The texts to embed; token arrays are taken by their JSON text. Empty: the input is wrong.
std::vector<std::string> texts_of(const json::value& input, std::size_t& tokens) {
  std::vector<std::string> texts;
  const auto add_text = [&](const json::value& v) {
    texts.emplace_back(v.get_string());
    tokens += count_tokens(texts.back());
  };
  const auto add_ids = [&](const json::array& ids) {
    texts.push_back(json::serialize(ids));
    tokens += ids.size();
  };
  if (input.is_string()) {
    add_text(input);
  } else if (const json::array* entries = input.if_array(); entries && !entries->empty()) {
    if (entries->front().is_number()) {
      add_ids(*entries);
      return texts;
    }
    for (const json::value& entry : *entries) {
      if (entry.is_string()) add_text(entry);
      else if (entry.is_array()) add_ids(entry.get_array());
      else return {};
    }
  }
  return texts;
}

}  // namespace

reply answer_embeddings(const json::object& body) {
  const std::string model(body.at("model").as_string());
  const json::value* input = body.if_contains("input");
  if (!input) return openai_refusal(400, "Missing required parameter: 'input'.", "input", "missing_required_parameter");
  reply out{.model = model};
  const std::vector<std::string> texts = texts_of(*input, out.input_tokens);
  if (texts.empty()) return openai_refusal(400, "Invalid value for 'input': expected a string, an array of strings or token arrays.", "input", "invalid_value");
  std::int64_t dimensions = default_dimensions;
  if (const json::value* wanted = body.if_contains("dimensions"); wanted && !wanted->is_null()) {
    dimensions = wanted->is_int64() ? wanted->get_int64() : 0;
    if (dimensions < 1 || dimensions > most_dimensions) return openai_refusal(400, "Invalid value for 'dimensions': expected an integer from 1 to 4096.", "dimensions", "invalid_value");
  }
  const json::value* encoding = body.if_contains("encoding_format");
  const bool as_base64 = encoding && encoding->is_string() && encoding->get_string() == "base64";
  json::array entries;
  for (const std::string& text : texts) {
    const std::vector<float> vector = embed_text(model, text, static_cast<std::size_t>(dimensions));
    json::value printed = as_base64 ? json::value(base64(vector)) : json::value(json::array(vector.begin(), vector.end()));
    entries.push_back(json::object{{"object", "embedding"}, {"index", entries.size()}, {"embedding", std::move(printed)}});
  }
  out.body = json::serialize(json::object{{"object", "list"}, {"data", std::move(entries)}, {"model", model},
                                          {"usage", {{"prompt_tokens", out.input_tokens}, {"total_tokens", out.input_tokens}}}});
  return out;
}

}  // namespace switchyard::sim

#include "tools/sim/gemini_fields.hpp"

#include "tools/sim/gemini.hpp"

#include <boost/json.hpp>

#include <cctype>
#include <span>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

enum class kind { text, bytes, number, integer, boolean, free, message, map };
enum class only { everywhere, vertex };

struct field;
using field_list = std::span<const field>;

struct field {
  std::string_view name;                 ///< camelCase
  kind is;
  bool list = false;
  field_list (*of)() = nullptr;          ///< for kind::message and kind::map (whose values they are)
  only on = only::everywhere;
};

constexpr bool many = true;

field_list schema_fields();
field_list content_fields();

constexpr field blob[] = {{"mimeType", kind::text}, {"data", kind::bytes}, {"displayName", kind::text}};
constexpr field file[] = {{"mimeType", kind::text}, {"fileUri", kind::text}, {"displayName", kind::text}};
field_list blob_fields() { return blob; }
field_list file_fields() { return file; }

constexpr field function_call[] = {{"id", kind::text}, {"name", kind::text}, {"args", kind::free}, {"partialArgs", kind::free, many}, {"willContinue", kind::boolean}};
constexpr field response_part[] = {{"inlineData", kind::message, false, blob_fields}, {"fileData", kind::message, false, file_fields}};
field_list response_part_fields() { return response_part; }
constexpr field function_response[] = {{"id", kind::text}, {"name", kind::text}, {"response", kind::free}, {"willContinue", kind::boolean},
                                       {"scheduling", kind::text}, {"parts", kind::message, many, response_part_fields}};
field_list function_call_fields() { return function_call; }
field_list function_response_fields() { return function_response; }

constexpr field part[] = {{"text", kind::text}, {"inlineData", kind::message, false, blob_fields}, {"fileData", kind::message, false, file_fields},
                          {"functionCall", kind::message, false, function_call_fields}, {"functionResponse", kind::message, false, function_response_fields},
                          {"executableCode", kind::free}, {"codeExecutionResult", kind::free}, {"thought", kind::boolean}, {"thoughtSignature", kind::bytes},
                          {"videoMetadata", kind::free}, {"mediaResolution", kind::free}, {"toolCall", kind::free}, {"toolResponse", kind::free}, {"partMetadata", kind::free},
                          {"audioTranscription", kind::free}, {"mediaProcessing", kind::free}, {"speechMetadata", kind::free}, {"documentMetadata", kind::free},
                          {"spreadsheetMetadata", kind::free}, {"audioMetadata", kind::free}};
field_list part_fields() { return part; }
constexpr field content[] = {{"parts", kind::message, many, part_fields}, {"role", kind::text}};
field_list content_fields() { return content; }

constexpr field schema[] = {{"type", kind::text}, {"format", kind::text}, {"title", kind::text}, {"description", kind::text}, {"nullable", kind::boolean},
                            {"enum", kind::text, many}, {"maxItems", kind::integer}, {"minItems", kind::integer}, {"properties", kind::map, false, schema_fields},
                            {"required", kind::text, many}, {"minProperties", kind::integer}, {"maxProperties", kind::integer}, {"minLength", kind::integer},
                            {"maxLength", kind::integer}, {"pattern", kind::text}, {"example", kind::free}, {"anyOf", kind::message, many, schema_fields},
                            {"propertyOrdering", kind::text, many}, {"default", kind::free}, {"items", kind::message, false, schema_fields},
                            {"minimum", kind::number}, {"maximum", kind::number}, {"additionalProperties", kind::free, false, nullptr, only::vertex},
                            {"ref", kind::text, false, nullptr, only::vertex}, {"defs", kind::map, false, schema_fields, only::vertex}};
field_list schema_fields() { return schema; }

constexpr field declaration[] = {{"name", kind::text}, {"description", kind::text}, {"parameters", kind::message, false, schema_fields}, {"parametersJsonSchema", kind::free},
                                 {"response", kind::message, false, schema_fields}, {"responseJsonSchema", kind::free}, {"behavior", kind::text}};
field_list declaration_fields() { return declaration; }
constexpr field tool_entry[] = {{"functionDeclarations", kind::message, many, declaration_fields}, {"googleSearch", kind::free}, {"googleSearchRetrieval", kind::free},
                                {"codeExecution", kind::free}, {"urlContext", kind::free}, {"computerUse", kind::free}, {"fileSearch", kind::free},
                                {"googleMaps", kind::free}, {"mcpServers", kind::free, many}, {"retrieval", kind::free, false, nullptr, only::vertex},
                                {"enterpriseWebSearch", kind::free, false, nullptr, only::vertex}, {"parallelAiSearch", kind::free, false, nullptr, only::vertex}, {"exaAiSearch", kind::free, false, nullptr, only::vertex}};
field_list tool_fields() { return tool_entry; }
constexpr field calling[] = {{"mode", kind::text}, {"allowedFunctionNames", kind::text, many}, {"streamFunctionCallArguments", kind::boolean, false, nullptr, only::vertex}};
field_list calling_fields() { return calling; }
constexpr field tool_config[] = {{"functionCallingConfig", kind::message, false, calling_fields}, {"retrievalConfig", kind::free}, {"includeServerSideToolInvocations", kind::boolean}};
field_list tool_config_fields() { return tool_config; }
constexpr field thinking[] = {{"includeThoughts", kind::boolean}, {"thinkingBudget", kind::integer}, {"thinkingLevel", kind::text}};
field_list thinking_fields() { return thinking; }
constexpr field generation[] = {{"candidateCount", kind::integer}, {"stopSequences", kind::text, many}, {"maxOutputTokens", kind::integer}, {"temperature", kind::number},
                                {"topP", kind::number}, {"topK", kind::number}, {"seed", kind::integer}, {"presencePenalty", kind::number}, {"frequencyPenalty", kind::number},
                                {"responseMimeType", kind::text}, {"responseSchema", kind::message, false, schema_fields}, {"responseJsonSchema", kind::free},
                                {"responseModalities", kind::text, many}, {"responseLogprobs", kind::boolean}, {"logprobs", kind::integer}, {"speechConfig", kind::free},
                                {"thinkingConfig", kind::message, false, thinking_fields}, {"mediaResolution", kind::text}, {"imageConfig", kind::free},
                                {"enableEnhancedCivicAnswers", kind::boolean}, {"enableAffectiveDialog", kind::boolean}, {"audioTimestamp", kind::boolean, false, nullptr, only::vertex},
                                {"responseFormat", kind::free}, {"translationConfig", kind::free}, {"audioTranscriptionConfig", kind::free},
                                {"routingConfig", kind::free, false, nullptr, only::vertex}, {"modelSelectionConfig", kind::free, false, nullptr, only::vertex}};
field_list generation_fields() { return generation; }
constexpr field safety[] = {{"category", kind::text}, {"threshold", kind::text}, {"method", kind::text, false, nullptr, only::vertex}};
field_list safety_fields() { return safety; }

constexpr field generate[] = {{"model", kind::text}, {"contents", kind::message, many, content_fields}, {"systemInstruction", kind::message, false, content_fields},
                              {"tools", kind::message, many, tool_fields}, {"toolConfig", kind::message, false, tool_config_fields}, {"safetySettings", kind::message, many, safety_fields},
                              {"generationConfig", kind::message, false, generation_fields}, {"cachedContent", kind::text}, {"serviceTier", kind::text}, {"store", kind::boolean},
                              {"labels", kind::free, false, nullptr, only::vertex}, {"modelArmorConfig", kind::free, false, nullptr, only::vertex}};
field_list generate_fields() { return generate; }
constexpr field count[] = {{"model", kind::text}, {"contents", kind::message, many, content_fields}, {"generateContentRequest", kind::message, false, generate_fields},
                           {"systemInstruction", kind::message, false, content_fields, only::vertex}, {"tools", kind::message, many, tool_fields, only::vertex},
                           {"generationConfig", kind::message, false, generation_fields, only::vertex}, {"instances", kind::free, many, nullptr, only::vertex}};
constexpr field embed[] = {{"model", kind::text}, {"content", kind::message, false, content_fields}, {"taskType", kind::text}, {"title", kind::text},
                           {"outputDimensionality", kind::integer}, {"embedContentConfig", kind::free}};
field_list embed_fields() { return embed; }
constexpr field batch_embed[] = {{"model", kind::text}, {"requests", kind::message, many, embed_fields}};

field_list fields_of(gemini_message as) {
  switch (as) {
    case gemini_message::count: return count;
    case gemini_message::embed: return embed;
    case gemini_message::batch_embed: return batch_embed;
    case gemini_message::generate: break;
  }
  return generate;
}

std::string snake(std::string_view camel) {
  std::string out;
  for (const char c : camel) {
    if (std::isupper(static_cast<unsigned char>(c))) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

/// Thrown inside this file only: the body is nested deep, and the first fault ends it.
struct fault {
  std::string where;
  std::string message;
};

std::string shown(const json::value& v) {
  std::string text = json::serialize(v);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

json::value read_one(const json::value& v, const field& as, const std::string& where, bool vertex);

json::object read_message(const json::value& v, field_list fields, const std::string& where, bool vertex) {
  if (!v.is_object()) throw fault{where, "Invalid value at '" + where + "' (type.googleapis.com/google.ai.generativelanguage.v1beta), " + shown(v)};
  json::object out;
  for (const auto& given : v.get_object()) {
    const std::string_view key = given.key();
    const field* found = nullptr;
    for (const field& f : fields) {
      if ((f.name == key || snake(f.name) == key) && (vertex || f.on == only::everywhere)) found = &f;
    }
    if (!found) throw fault{where, "Invalid JSON payload received. Unknown name \"" + std::string(key) + "\"" + (where.empty() ? "" : " at '" + where + "'") + ": Cannot find field."};
    if (given.value().is_null()) continue;
    const std::string inner = (where.empty() ? "" : where + ".") + snake(found->name);
    if (!found->list) {
      if (given.value().is_array() && found->is != kind::free) throw fault{inner, "Invalid JSON payload received. Unknown name \"" + std::string(key) + "\" at '" + where + "': Proto field is not repeating, cannot start list."};
      out[found->name] = read_one(given.value(), *found, inner, vertex);
      continue;
    }
    json::array entries;
    if (given.value().is_array()) {
      for (const json::value& entry : given.value().get_array()) entries.push_back(read_one(entry, *found, inner + "[" + std::to_string(entries.size()) + "]", vertex));
    } else {
      entries.push_back(read_one(given.value(), *found, inner + "[0]", vertex));
    }
    out[found->name] = std::move(entries);
  }
  return out;
}

json::value read_one(const json::value& v, const field& as, const std::string& where, bool vertex) {
  const auto wrong = [&](const char* type) { return fault{where, "Invalid value at '" + where + "' (" + type + "), " + shown(v)}; };
  switch (as.is) {
    case kind::text:
      if (!v.is_string()) throw wrong("TYPE_STRING");
      return v;
    case kind::bytes:
      if (!v.is_string()) throw wrong("TYPE_BYTES");
      if (!is_base64(v.get_string())) throw fault{where, "Invalid value at '" + where + "' (TYPE_BYTES), Base64 decoding failed for " + shown(v)};
      return v;
    case kind::number:
      if (!v.is_number()) throw wrong("TYPE_FLOAT");
      return v;
    case kind::integer: {
      if (const auto n = integer_of(v)) return *n;
      const std::string_view digits = v.is_string() ? std::string_view(v.get_string()) : std::string_view();   // proto3 prints int64 as text
      if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string_view::npos) throw wrong("TYPE_INT32");
      return std::stoll(std::string(digits));
    }
    case kind::boolean:
      if (!v.is_bool()) throw wrong("TYPE_BOOL");
      return v;
    case kind::message: return read_message(v, as.of(), where, vertex);
    case kind::map: {
      if (!v.is_object()) throw wrong("TYPE_MESSAGE");
      json::object out;
      for (const auto& entry : v.get_object()) out[entry.key()] = read_message(entry.value(), as.of(), where + "[" + std::to_string(out.size()) + "].value", vertex);
      return out;
    }
    case kind::free: break;
  }
  return v;
}

}  // namespace

parsed<json::object> read_gemini_fields(std::string_view body, gemini_message as, bool vertex) {
  boost::system::error_code failed;
  const json::value read = json::parse(json::string_view(body.data(), body.size()), failed);
  if (failed || !read.is_object()) return gemini_refusal("Invalid JSON payload received. Expected an object.");
  try {
    return read_message(read, fields_of(as), "", vertex);
  } catch (const fault& f) {
    const json::object violation{{"field", f.where}, {"description", f.message}};
    return gemini_refusal(f.message, 400, json::serialize(json::array{json::object{{"@type", "type.googleapis.com/google.rpc.BadRequest"}, {"fieldViolations", json::array{violation}}}}));
  }
}

}  // namespace switchyard::sim

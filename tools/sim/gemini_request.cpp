// The request apart from its contents: limits, output format, thinking, tools.
#include "tools/sim/gemini_request.hpp"

#include "tools/sim/gemini.hpp"
#include "tools/sim/gemini_fields.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cctype>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

using refusal = std::optional<reply>;

refusal violation(const std::string& where, const std::string& what) { return gemini_refusal("* GenerateContentRequest." + where + ": " + what + "\n"); }

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

/// Google's dialect: the type is an enum, an array says what is in it, only strings have enums.
refusal check_schema(const json::object& schema, const std::string& where) {
  const std::string type = upper(text_of(schema, "type"));
  if (!type.empty() && !is_one_of(type, {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL", "TYPE_UNSPECIFIED"})) {
    return gemini_refusal("Invalid value at '" + where + ".type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), \"" + std::string(text_of(schema, "type")) + "\"");
  }
  if (type == "ARRAY" && !schema.contains("items")) return violation(where + ".items", "missing field.");
  if (schema.contains("enum") && type != "STRING" && !type.empty()) return violation(where + ".enum", "only allowed for STRING type");
  if (schema.contains("properties") && type != "OBJECT" && !type.empty()) return violation(where + ".properties", "only allowed for OBJECT type");
  if (const json::object* properties = object_of(schema, "properties")) {
    for (const auto& entry : *properties) {
      if (auto refused = check_schema(entry.value().get_object(), where + ".properties[" + std::string(entry.key()) + "]")) return refused;
    }
  }
  if (const json::array* required = array_of(schema, "required")) {
    const json::object* properties = object_of(schema, "properties");
    std::size_t index = 0;
    for (const json::value& name : *required) {
      if (!properties || !properties->contains(name.get_string())) return violation(where + ".required[" + std::to_string(index) + "]", "property is not defined");
      ++index;
    }
  }
  if (const json::object* items = object_of(schema, "items")) return check_schema(*items, where + ".items");
  if (const json::array* any = array_of(schema, "anyOf")) {
    for (const json::value& entry : *any) {
      if (auto refused = check_schema(entry.get_object(), where + ".any_of")) return refused;
    }
  }
  return std::nullopt;
}

/// The same schema in JSON Schema's words ("OBJECT" -> "object"), as make_value reads it.
json::value plain_schema(const json::value& from) {
  if (const json::array* list = from.if_array()) {
    json::array out;
    for (const json::value& entry : *list) out.push_back(plain_schema(entry));
    return out;
  }
  if (!from.is_object()) return from;
  json::object out;
  for (const auto& field : from.get_object()) {
    if (field.key() == "type" && field.value().is_string()) {
      std::string type(field.value().get_string());
      std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      out["type"] = type;
    } else {
      out[field.key()] = field.key() == "enum" ? field.value() : plain_schema(field.value());
    }
  }
  return out;
}

refusal read_declaration(const json::object& from, const std::string& where, conversation& into) {
  const std::string_view name = text_of(from, "name");
  const bool starts_well = !name.empty() && (std::isalpha(static_cast<unsigned char>(name[0])) || name[0] == '_');
  if (!starts_well || !is_name(name, "_.:-", 64)) {
    return violation(where + ".name", "Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.");
  }
  if (std::any_of(into.tools.begin(), into.tools.end(), [&](const tool& t) { return t.name == name; })) return gemini_refusal("Duplicate function declaration found: " + std::string(name));
  const json::object* parameters = object_of(from, "parameters");
  const json::value* schema = field_of(from, "parametersJsonSchema");
  if (parameters && schema) return violation(where, "parameters and parameters_json_schema are mutually exclusive.");
  if (schema && !schema->is_object()) return violation(where + ".parameters_json_schema", "must be a JSON Schema object.");
  if (parameters) {
    if (auto refused = check_schema(*parameters, where + ".parameters")) return refused;
    if (upper(text_of(*parameters, "type")) != "OBJECT") return violation(where + ".parameters", "schema must be of type OBJECT");
  }
  into.tools.push_back({std::string(name), parameters ? plain_schema(*parameters) : schema ? *schema : json::value()});
  into.input.add(count_tokens(json::serialize(from)));
  return std::nullopt;
}

refusal read_tools(const json::object& body, conversation& into) {
  std::size_t index = 0;
  if (const json::array* tools = array_of(body, "tools")) {
    for (const json::value& entry : *tools) {
      const std::string where = "tools[" + std::to_string(index++) + "].function_declarations";
      const json::array* declared = array_of(entry.get_object(), "functionDeclarations");
      if (entry.get_object().empty()) return gemini_refusal("tools[" + std::to_string(index - 1) + "].tool_type: required one_of 'tool_type' must have one initialized field");
      for (std::size_t i = 0; declared && i < declared->size(); ++i) {
        if (auto refused = read_declaration((*declared)[i].get_object(), where + "[" + std::to_string(i) + "]", into)) return refused;
      }
    }
  }
  const json::object* config = object_of(body, "toolConfig");
  const json::object* calling = config ? object_of(*config, "functionCallingConfig") : nullptr;
  if (!calling) return std::nullopt;
  const std::string mode = upper(text_of(*calling, "mode"));
  if (!is_one_of(mode, {"", "MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"})) return gemini_refusal("Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), \"" + mode + "\"");
  if (mode == "NONE") into.choice = tool_choice::none;
  if (mode == "ANY" && into.tools.empty()) return gemini_refusal("Function calling config is set without function_declarations.");
  if (mode == "ANY") into.choice = tool_choice::required;
  const json::array* allowed = array_of(*calling, "allowedFunctionNames");
  if (!allowed || allowed->empty()) return std::nullopt;
  if (mode != "ANY" && mode != "VALIDATED") return gemini_refusal("Function calling config: allowed_function_names should only be set when the mode is ANY or VALIDATED.");
  if (mode == "ANY") into.choice = tool_choice::named;
  for (const json::value& name : *allowed) {
    const auto is_it = [&](const tool& t) { return t.name == std::string_view(name.get_string()); };
    if (std::none_of(into.tools.begin(), into.tools.end(), is_it)) return gemini_refusal("Function calling config: allowed_function_names contains a name that is not declared: " + std::string(name.get_string()));
    into.chosen_tools.emplace_back(name.get_string());
  }
  return std::nullopt;
}

refusal read_output(const json::object& config, conversation& into) {
  const std::string_view type = text_of(config, "responseMimeType");
  const json::object* google = object_of(config, "responseSchema");
  const json::value* plain = field_of(config, "responseJsonSchema");
  if (!is_one_of(type, {"", "text/plain", "application/json", "text/x.enum", "application/xml", "application/yaml"})) {
    return violation("generation_config.response_mime_type", "allowed mimetypes are `text/plain`, `application/json`, `application/xml`, `application/yaml` and `text/x.enum`.");
  }
  if ((google || plain) && type != "application/json" && type != "text/x.enum") return gemini_refusal("Unable to submit request because a response schema requires response_mime_type application/json or text/x.enum.");
  if (google && plain) return violation("generation_config", "response_schema and response_json_schema are mutually exclusive.");
  if (google) {
    if (auto refused = check_schema(*google, "generation_config.response_schema")) return refused;
    into.schema = plain_schema(*google);
  } else if (plain) {
    into.schema = *plain;
  }
  if (google || plain) into.shape = output_shape::json_schema;
  else if (type == "application/json") into.shape = output_shape::json_object;
  if (type == "application/json" && !into.tools.empty() && !signs_calls(into.model)) return gemini_refusal("Function calling with a response mime type: 'application/json' is unsupported");
  return std::nullopt;
}

refusal read_config(const json::object& config, conversation& into) {
  const auto number_in = [&](std::string_view key, double least, double most) {
    const json::value* v = field_of(config, key);
    return !v || (v->to_number<double>() >= least && v->to_number<double>() <= most);
  };
  if (!number_in("temperature", 0, 2)) return violation("generation_config.temperature", "temperature must be in the range [0.0, 2.0].");
  if (!number_in("topP", 0, 1)) return violation("generation_config.top_p", "top_p must be in the range [0.0, 1.0].");
  if (!number_in("topK", 0, 1000)) return violation("generation_config.top_k", "top_k must be positive.");
  if (!number_in("candidateCount", 1, 8)) return violation("generation_config.candidate_count", "candidate_count must be in the range [1, 8].");
  if (!number_in("maxOutputTokens", 1, 1e9)) return violation("generation_config.max_output_tokens", "max_output_tokens must be positive.");
  if (const json::value* most = field_of(config, "maxOutputTokens")) into.max_tokens = static_cast<std::size_t>(most->get_int64());
  if (const json::value* count = field_of(config, "candidateCount")) into.choices = static_cast<int>(count->get_int64());
  if (const json::value* seed = field_of(config, "seed")) into.seed = static_cast<std::uint64_t>(seed->get_int64());
  if (const json::array* stops = array_of(config, "stopSequences")) {
    if (stops->size() > 5) return violation("generation_config.stop_sequences", "the number of stop sequences must not exceed 5.");
    for (const json::value& stop : *stops) into.stop.emplace_back(stop.get_string());
  }
  if (const json::object* thinking = object_of(config, "thinkingConfig")) {
    const json::value* budget = field_of(*thinking, "thinkingBudget");
    const std::string level = upper(text_of(*thinking, "thinkingLevel"));
    if (budget && !level.empty()) return gemini_refusal("You can only set only one of thinking budget and thinking level.");
    if (!is_one_of(level, {"", "MINIMAL", "LOW", "MEDIUM", "HIGH", "THINKING_LEVEL_UNSPECIFIED"})) return gemini_refusal("Invalid value at 'generation_config.thinking_config.thinking_level', \"" + level + "\"");
    into.thinking = flag_of(*thinking, "includeThoughts", false);
    if (budget && budget->get_int64() == 0) into.thinking = false;
  }
  return read_output(config, into);
}

refusal read_body(const json::object& body, conversation& into) {
  if (auto refused = read_tools(body, into)) return refused;
  if (const json::object* config = object_of(body, "generationConfig")) {
    if (auto refused = read_config(*config, into)) return refused;
  }
  return read_gemini_contents(body, into);
}

}  // namespace

bool signs_calls(std::string_view model) noexcept { return model.starts_with("gemini-3"); }

parsed<conversation> read_generate(const call& asked) {
  auto body = read_gemini_fields(asked.body, gemini_message::generate, is_vertex(asked));
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  conversation into;
  into.model = gemini_model_of(asked);
  into.stream = asked.path.ends_with(":streamGenerateContent");
  if (auto refused = read_body(std::get<json::object>(body), into)) return std::move(*refused);
  return into;
}

parsed<conversation> read_gemini_count(const call& asked) {
  auto body = read_gemini_fields(asked.body, gemini_message::count, is_vertex(asked));
  if (auto* refused = std::get_if<reply>(&body)) return std::move(*refused);
  const json::object& object = std::get<json::object>(body);
  conversation into;
  into.model = gemini_model_of(asked);
  const json::object* whole = object_of(object, "generateContentRequest");
  if (whole && object.contains("contents")) return gemini_refusal("Only one of contents and generate_content_request may be set.");
  if (auto refused = read_body(whole ? *whole : object, into)) return std::move(*refused);
  return into;
}

}  // namespace switchyard::sim

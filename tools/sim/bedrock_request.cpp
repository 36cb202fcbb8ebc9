// The request apart from its messages: inference config, tools, output format, what goes to the model as it is.
#include "tools/sim/bedrock_request.hpp"

#include "tools/sim/bedrock.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <set>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

using refusal = std::optional<reply>;

/// How AWS words a broken constraint of its model.
reply constraint(const std::string& value, const std::string& where, const std::string& rule) {
  return bedrock_refusal("1 validation error detected: Value '" + value + "' at '" + where + "' failed to satisfy constraint: Member must " + rule);
}

reply wrong_type(const std::string& where, std::string_view expected) {
  return bedrock_refusal(where + " must be " + std::string(expected) + ".", 400, "SerializationException");
}

refusal read_inference(const json::object& body, conversation& into) {
  const json::value* given = field_of(body, "inferenceConfig");
  if (!given) return std::nullopt;
  const json::object* config = given->if_object();
  if (!config) return wrong_type("inferenceConfig", "an object");
  if (const json::value* most = field_of(*config, "maxTokens")) {
    const auto n = integer_of(*most);
    if (!n) return wrong_type("inferenceConfig.maxTokens", "an integer");
    if (*n < 1) return constraint(std::to_string(*n), "inferenceConfig.maxTokens", "have value greater than or equal to 1");
    into.max_tokens = static_cast<std::size_t>(*n);
  }
  for (const char* key : {"temperature", "topP"}) {
    const json::value* v = field_of(*config, key);
    if (!v) continue;
    if (!v->is_number()) return wrong_type(std::string("inferenceConfig.") + key, "a number");
    const double n = v->to_number<double>();
    if (n > 1) return constraint(json::serialize(*v), std::string("inferenceConfig.") + key, "have value less than or equal to 1");
    if (n < 0) return constraint(json::serialize(*v), std::string("inferenceConfig.") + key, "have value greater than or equal to 0");
  }
  if (const json::value* stops = field_of(*config, "stopSequences")) {
    if (!stops->is_array()) return wrong_type("inferenceConfig.stopSequences", "a list of strings");
    for (const json::value& stop : stops->get_array()) {
      if (!stop.is_string()) return wrong_type("inferenceConfig.stopSequences", "a list of strings");
      if (stop.get_string().empty()) return constraint("[]", "inferenceConfig.stopSequences", "satisfy constraint: [Member must have length greater than or equal to 1]");
      into.stop.emplace_back(stop.get_string());
    }
  }
  return std::nullopt;
}

refusal read_tool(const json::value& entry, std::size_t index, conversation& into) {
  const std::string where = "toolConfig.tools." + std::to_string(index);
  const std::string member = "toolConfig.tools." + std::to_string(index + 1) + ".member";   // constraints count from 1
  const json::object* object = entry.if_object();
  if (!object || object->size() != 1 || !is_one_of(object->begin()->key(), {"toolSpec", "cachePoint", "systemTool"})) {
    return bedrock_refusal("The Tool object at " + where + " must set exactly one of the following members: toolSpec, systemTool, cachePoint.");
  }
  if (object->contains("cachePoint")) {
    into.input.mark();
    return std::nullopt;
  }
  const json::object* spec = object_of(*object, "toolSpec");
  if (!spec) return std::nullopt;
  const std::string_view name = text_of(*spec, "name");
  if (!is_name(name, "_-", 64)) {
    return constraint(std::string(name), member + ".toolSpec.name", name.size() > 64 ? "have length less than or equal to 64" : "satisfy regular expression pattern: [a-zA-Z0-9_-]+");
  }
  if (const json::value* said = field_of(*spec, "description"); said && (!said->is_string() || said->get_string().empty())) {
    return constraint("", member + ".toolSpec.description", "have length greater than or equal to 1");
  }
  const json::object* input = object_of(*spec, "inputSchema");
  if (!input) return constraint("null", member + ".toolSpec.inputSchema", "not be null");
  const json::object* schema = object_of(*input, "json");
  if (!schema) return bedrock_refusal("The value at " + where + ".toolSpec.inputSchema.json is empty. Provide a JSON schema and try again.");
  if (text_of(*schema, "type") != "object") return bedrock_refusal("The value at " + where + ".toolSpec.inputSchema.json.type must be one of the following: object.");
  for (const tool& other : into.tools) {
    if (other.name == name) return bedrock_refusal("The name " + std::string(name) + " at " + where + ".toolSpec.name is duplicated. Tool names must be unique.");
  }
  into.tools.push_back({std::string(name), *schema});
  into.input.add(count_tokens(json::serialize(*spec)));
  return std::nullopt;
}

refusal read_tools(const json::object& body, conversation& into) {
  const json::value* given = field_of(body, "toolConfig");
  if (!given) return std::nullopt;
  const json::object* config = given->if_object();
  const json::array* tools = config ? array_of(*config, "tools") : nullptr;
  if (!tools) return constraint("null", "toolConfig.tools", "not be null");
  if (tools->empty()) return constraint("[]", "toolConfig.tools", "have length greater than or equal to 1");
  for (std::size_t i = 0; i < tools->size(); ++i) {
    if (auto refused = read_tool((*tools)[i], i, into)) return refused;
  }
  const json::value* choice = field_of(*config, "toolChoice");
  if (!choice) return std::nullopt;
  const json::object* object = choice->if_object();
  if (!object || object->size() != 1 || !is_one_of(object->begin()->key(), {"auto", "any", "tool"}) || !object->begin()->value().is_object()) {
    return bedrock_refusal("The ToolChoice object at toolConfig.toolChoice must set exactly one of the following members: auto, any, tool.");
  }
  if (object->contains("any")) into.choice = tool_choice::required;
  if (!object->contains("tool")) return std::nullopt;
  into.choice = tool_choice::named;
  into.chosen_tools = {std::string(text_of(object->at("tool").get_object(), "name"))};
  for (const tool& offered : into.tools) {
    if (offered.name == into.chosen_tools.front()) return std::nullopt;
  }
  return bedrock_refusal("The provided tool name '" + into.chosen_tools.front() + "' in toolConfig.toolChoice.tool.name is not one of the tools.");
}

refusal read_extra(const json::object& body, conversation& into) {
  const json::value* given = field_of(body, "additionalModelRequestFields");
  if (given && !given->is_object()) return bedrock_refusal("The format of the additionalModelRequestFields field is invalid. Provide a json object for the field and try again.");
  const json::object* thinking = given ? object_of(given->get_object(), "thinking") : nullptr;
  if (thinking && text_of(*thinking, "type") != "disabled") {
    into.thinking = true;
    const json::value* budget = field_of(*thinking, "budget_tokens");
    const std::int64_t tokens = budget ? integer_of(*budget).value_or(-1) : -1;
    const std::string from_model = "The model returned the following errors: ";
    if (text_of(*thinking, "type") == "enabled" && tokens < 1024) return bedrock_refusal(from_model + "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
    if (tokens > 0 && into.max_tokens && static_cast<std::size_t>(tokens) >= *into.max_tokens) return bedrock_refusal(from_model + "`max_tokens` must be greater than `thinking.budget_tokens`.");
    if (into.choice == tool_choice::required || into.choice == tool_choice::named) return bedrock_refusal(from_model + "Thinking may not be enabled when tool_choice forces tool use.");
  }
  const json::object* output = object_of(body, "outputConfig");
  const json::object* format = output ? object_of(*output, "textFormat") : nullptr;
  if (!format) return std::nullopt;
  const json::object* structure = object_of(*format, "structure");
  const json::object* nested = structure ? object_of(*structure, "jsonSchema") : nullptr;
  const std::string_view text = nested ? text_of(*nested, "schema") : std::string_view();   // JSON inside a string
  boost::system::error_code failed;
  json::value schema = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed || !schema.is_object()) return bedrock_refusal("The value at outputConfig.textFormat.structure.jsonSchema.schema must be the text of a JSON schema.");
  into.shape = output_shape::json_schema;
  into.schema = std::move(schema);
  return std::nullopt;
}

}  // namespace

parsed<conversation> read_converse(const call& asked) {
  conversation into;
  const std::string_view prefix = "/model/";
  into.stream = asked.path.ends_with("/converse-stream");
  const std::string_view path = asked.path.substr(prefix.size());
  into.model = percent_decoded(path.substr(0, path.rfind('/')));
  boost::system::error_code failed;
  const json::value read = json::parse(json::string_view(asked.body.data(), asked.body.size()), failed);
  if (failed || !read.is_object()) return bedrock_refusal("Unable to parse the request body as a JSON object.", 400, "SerializationException");
  const json::object& body = read.get_object();
  if (auto refused = read_inference(body, into)) return std::move(*refused);
  if (auto refused = read_tools(body, into)) return std::move(*refused);
  if (auto refused = read_extra(body, into)) return std::move(*refused);
  if (auto refused = read_bedrock_prompt(body, into)) return std::move(*refused);
  return into;
}

}  // namespace switchyard::sim

// The contents of a request, part by part, and what must hold between them: as many function responses as calls, at once.
#include "tools/sim/gemini.hpp"
#include "tools/sim/gemini_request.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

using refusal = std::optional<reply>;

constexpr std::size_t media_tokens = 258;   // what Gemini counts for an image

/// What the parts of one content add up to.
struct content_sum {
  std::string text;
  std::vector<tool_result> results;
  std::size_t calls = 0;
  bool unsigned_call = false;               ///< the first call has no signature
};

/// The one field of a part that says what it is; empty: none or several.
std::string_view data_field(const json::object& part) {
  std::string_view found;
  for (const std::string_view name : {"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult", "toolCall", "toolResponse"}) {
    if (!part.contains(name)) continue;
    if (!found.empty()) return {};
    found = name;
  }
  return found;
}

refusal check_signature(const json::object& part, const std::string& where) {
  const std::string_view signature = text_of(part, "thoughtSignature");
  // Google's documented words for calls that another model made.
  if (signature.empty() || is_thinking_signature(signature) || is_one_of(signature, {"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"})) return std::nullopt;
  return gemini_refusal("Corrupted thought signature in " + where + ".");
}

refusal read_part(const json::object& part, const std::string& where, conversation& into, content_sum& sum) {
  const std::string_view is = data_field(part);
  if (auto refused = check_signature(part, where)) return refused;
  if (is.empty()) {
    if (part.size() == 1 && part.contains("thoughtSignature")) return std::nullopt;
    return gemini_refusal(where + ".data: required oneof field 'data' must have one initialized field");
  }
  if (is == "text") {
    const std::string_view text = text_of(part, "text");
    into.input.add(count_tokens(text));
    if (flag_of(part, "thought", false)) return std::nullopt;
    if (!sum.text.empty()) sum.text += '\n';
    sum.text += text;
  } else if (is == "inlineData" || is == "fileData") {
    const json::object& media = part.at(is).get_object();
    if (text_of(media, "mimeType").empty() && is == "inlineData") return gemini_refusal("* GenerateContentRequest." + where + ".inline_data.mime_type: missing field.\n");
    if (is == "inlineData" && text_of(media, "data").empty()) return gemini_refusal("Unable to process input image. " + where + ".inline_data.data: missing field.");
    if (is == "fileData" && text_of(media, "fileUri").empty()) return gemini_refusal("* GenerateContentRequest." + where + ".file_data.file_uri: missing field.\n");
    into.input.add(media_tokens);
  } else if (is == "functionCall") {
    const json::object& made = part.at(is).get_object();
    if (text_of(made, "name").empty()) return gemini_refusal("* GenerateContentRequest." + where + ".function_call.name: Name cannot be empty.\n");
    if (const json::value* arguments = field_of(made, "args"); arguments && !arguments->is_object()) return gemini_refusal("Invalid value at '" + where + ".function_call.args' (type.googleapis.com/google.protobuf.Struct), " + json::serialize(*arguments));
    if (sum.calls++ == 0) sum.unsigned_call = !part.contains("thoughtSignature");
    into.input.add(count_tokens(json::serialize(made)));
  } else if (is == "functionResponse") {
    const json::object& given = part.at(is).get_object();
    if (text_of(given, "name").empty()) return gemini_refusal("* GenerateContentRequest." + where + ".function_response.name: Name cannot be empty.\n");
    const json::value* response = field_of(given, "response");
    if (!response) return gemini_refusal("* GenerateContentRequest." + where + ".function_response.response: missing field.\n");
    if (!response->is_object()) return gemini_refusal("Invalid value at '" + where + ".function_response.response' (type.googleapis.com/google.protobuf.Struct), " + json::serialize(*response));
    // The lone text of {"result": "..."} is what the tool said.
    const json::object& fields = response->get_object();
    const bool lone = fields.size() == 1 && fields.begin()->value().is_string();
    sum.results.push_back({std::string(text_of(given, "name")), lone ? std::string(fields.begin()->value().get_string()) : json::serialize(fields)});
    into.input.add(count_tokens(json::serialize(given)));
  }
  return std::nullopt;
}

refusal read_parts(const json::object& content, const std::string& where, conversation& into, content_sum& sum) {
  const json::array* parts = array_of(content, "parts");
  if (!parts || parts->empty()) return gemini_refusal("* GenerateContentRequest." + where + ".parts: contents.parts must not be empty.\n");
  for (std::size_t i = 0; i < parts->size(); ++i) {
    if (auto refused = read_part((*parts)[i].get_object(), where + ".parts[" + std::to_string(i) + "]", into, sum)) return refused;
  }
  return std::nullopt;
}

}  // namespace

refusal read_gemini_contents(const json::object& body, conversation& into) {
  if (const json::object* system = object_of(body, "systemInstruction")) {
    content_sum ignored;
    if (auto refused = read_parts(*system, "system_instruction", into, ignored)) return refused;
  }
  const json::array* contents = array_of(body, "contents");
  if (!contents || contents->empty()) return gemini_refusal("* GenerateContentRequest.contents: contents is not specified\n");
  std::size_t open = 0;                     // function calls that the next content must answer
  std::string unsigned_at;                  // a call without a signature since the last words of the user
  for (std::size_t i = 0; i < contents->size(); ++i) {
    const std::string where = "contents[" + std::to_string(i) + "]";
    const json::object& content = (*contents)[i].get_object();
    const std::string_view role = text_of(content, "role");
    if (!is_one_of(role, {"", "user", "model", "function"})) return gemini_refusal("Please use a valid role: user, model.");
    content_sum sum;
    if (role == "model") into.input.earlier_answer();
    if (auto refused = read_parts(content, where, into, sum)) return refused;
    if (role == "model" && !sum.results.empty()) return gemini_refusal("Please ensure that function response turns have the role user.");
    if (role != "model" && sum.calls > 0) return gemini_refusal("Please ensure that function call turns have the role model.");
    if (sum.results.size() != open) {
      return gemini_refusal(open == 0 ? "Please ensure that function response turn comes immediately after a function call turn."
                                      : "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.");
    }
    if (sum.calls > 0 && i == 0) return gemini_refusal("Please ensure that function call turn comes immediately after a user turn or after a function response turn.");
    open = sum.calls;
    if (role != "model" && sum.results.empty()) unsigned_at.clear();
    if (sum.unsigned_call && signs_calls(into.model)) unsigned_at = where;
    into.results = std::move(sum.results);
    if (role != "model" && into.results.empty()) into.prompt = std::move(sum.text);
  }
  if (open > 0) return gemini_refusal("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.");
  if (!unsigned_at.empty()) {
    return gemini_refusal("Function call is missing a thought_signature in functionCall parts (" + unsigned_at + "). This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.");
  }
  return std::nullopt;
}

}  // namespace switchyard::sim

#include "tools/sim/openai_request.hpp"

#include "tools/sim/json_fields.hpp"
#include "tools/sim/openai.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <map>
#include <set>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr int per_message_tokens = 4;   // role and separators, as in OpenAI's own count

/// A message's content: a string, or the text of its text parts.
std::string content_text(const json::value* content) {
  if (!content) return {};
  if (content->is_string()) return std::string(content->get_string());
  std::string text;
  if (const json::array* parts = content->if_array()) {
    for (const json::value& part : *parts) {
      const json::object* object = part.if_object();
      if (!object) continue;
      const std::string_view piece = text_of(*object, "text");
      if (!text.empty() && !piece.empty()) text += "\n";
      text += piece;
    }
  }
  return text;
}

reply missing(std::string_view field) {
  return openai_refusal(400, "Missing required parameter: '" + std::string(field) + "'.", field, "missing_required_parameter");
}

reply bad(std::string_view field, std::string_view expected) {
  return openai_refusal(400, "Invalid value for '" + std::string(field) + "': expected " + std::string(expected) + ".", field, "invalid_value");
}

reply unanswered(const std::set<std::string>& ids) {
  std::string list;
  for (const std::string& id : ids) list += (list.empty() ? "" : ", ") + id;
  return openai_refusal(400, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: " + list, "messages");
}

/// An optional integer of at least `least`; false: present and wrong.
bool read_count(const json::object& body, std::string_view key, std::int64_t least, std::int64_t most, std::optional<std::int64_t>& out) {
  const json::value* v = body.if_contains(key);
  if (!v || v->is_null()) return true;
  boost::system::error_code failed;
  const auto n = v->is_number() ? v->to_number<std::int64_t>(failed) : 0;
  if (!v->is_number() || failed || n < least || n > most) return false;
  out = n;
  return true;
}

/// The fields that all generating endpoints share; a refusal or nothing.
std::optional<reply> read_common(const json::object& body, conversation& into) {
  into.model = text_of(body, "model");
  for (const char* field : {"max_tokens", "max_completion_tokens", "max_output_tokens"}) {
    std::optional<std::int64_t> n;
    if (!read_count(body, field, 1, 10'000'000, n)) return bad(field, "an integer of at least 1");
    if (n) into.max_tokens = static_cast<std::size_t>(*n);
  }
  std::optional<std::int64_t> least, choices, seed;
  if (!read_count(body, "min_tokens", 0, 10'000'000, least)) return bad("min_tokens", "an integer of at least 0");
  if (!read_count(body, "n", 1, 128, choices)) return bad("n", "an integer from 1 to 128");
  if (!read_count(body, "seed", INT64_MIN, INT64_MAX, seed)) return bad("seed", "an integer");
  into.min_tokens = static_cast<std::size_t>(least.value_or(0));
  into.choices = static_cast<int>(choices.value_or(1));
  into.seed = static_cast<std::uint64_t>(seed.value_or(0));
  if (const json::value* temperature = body.if_contains("temperature"); temperature && !temperature->is_null()) {
    if (!temperature->is_number() || temperature->to_number<double>() < 0 || temperature->to_number<double>() > 2) return bad("temperature", "a number from 0 to 2");
  }
  if (const json::value* stream = body.if_contains("stream"); stream && !stream->is_null() && !stream->is_bool()) return bad("stream", "a boolean");
  into.stream = flag_of(body, "stream", false);
  if (const json::object* options = object_of(body, "stream_options")) into.include_usage = flag_of(*options, "include_usage", false);
  into.parallel_calls = flag_of(body, "parallel_tool_calls", true);
  if (const json::value* stop = body.if_contains("stop")) {
    if (stop->is_string()) into.stop.emplace_back(stop->get_string());
    if (const json::array* stops = stop->if_array()) {
      for (const json::value& s : *stops) {
        if (s.is_string()) into.stop.emplace_back(s.get_string());
      }
    }
  }
  return std::nullopt;
}

/// tools and tool_choice in either shape: chat nests under "function", responses does not.
std::optional<reply> read_tools(const json::object& body, conversation& into) {
  if (const json::array* tools = array_of(body, "tools")) {
    for (const json::value& entry : *tools) {
      const json::object* object = entry.if_object();
      if (!object) return bad("tools", "an array of objects");
      if (text_of(*object, "type") != "function") continue;
      const json::object* function = object_of(*object, "function");
      if (!function) function = object;
      if (text_of(*function, "name").empty()) return missing("tools[].function.name");
      const json::value* parameters = function->if_contains("parameters");
      into.tools.push_back({std::string(text_of(*function, "name")), parameters ? *parameters : json::value()});
    }
  }
  const json::value* choice = body.if_contains("tool_choice");
  if (!choice || choice->is_null()) return std::nullopt;
  if (choice->is_string()) {
    const std::string_view word = choice->get_string();
    if (word == "none") into.choice = tool_choice::none;
    else if (word == "required") into.choice = tool_choice::required;
    else if (word != "auto") return bad("tool_choice", "none, auto, required or a function");
    return std::nullopt;
  }
  if (const json::object* named = choice->if_object()) {
    const json::object* function = object_of(*named, "function");
    into.chosen_tools = {std::string(text_of(function ? *function : *named, "name"))};
    into.choice = tool_choice::named;
    for (const tool& t : into.tools) {
      if (t.name == into.chosen_tools.front()) return std::nullopt;
    }
    return bad("tool_choice", "the name of one of the tools");
  }
  return bad("tool_choice", "a string or an object");
}

/// response_format of chat, text.format of responses.
std::optional<reply> read_format(const json::object* format, std::string_view param, conversation& into) {
  if (!format) return std::nullopt;
  const std::string_view type = text_of(*format, "type");
  if (type == "json_object") {
    into.shape = output_shape::json_object;
  } else if (type == "json_schema") {
    const json::object* nested = object_of(*format, "json_schema");
    const json::object* schema = object_of(nested ? *nested : *format, "schema");
    if (!schema) return missing(std::string(param) + ".schema");
    into.shape = output_shape::json_schema;
    into.schema = *schema;
  } else if (type != "text" && !type.empty()) {
    return bad(std::string(param) + ".type", "text, json_object or json_schema");
  }
  return std::nullopt;
}

}  // namespace

parsed<json::object> read_body_object(std::string_view body) {
  boost::system::error_code failed;
  json::value read = json::parse(json::string_view(body.data(), body.size()), failed);
  if (failed || !read.is_object()) {
    return openai_refusal(400, "We could not parse the JSON body of your request. The body must be a JSON object.");
  }
  if (text_of(read.get_object(), "model").empty()) return openai_refusal(400, "you must provide a model parameter");
  return std::move(read.get_object());
}

parsed<conversation> read_chat(const json::object& body) {
  conversation asked;
  if (auto refused = read_common(body, asked)) return std::move(*refused);
  const json::value* messages = body.if_contains("messages");
  if (!messages) return missing("messages");
  if (!messages->is_array() || messages->get_array().empty()) return bad("messages", "a non-empty array");
  std::map<std::string, std::string> call_names;   // tool call id -> tool name
  std::set<std::string> open;                      // ids of the last calls that have no answer yet
  for (const json::value& entry : messages->get_array()) {
    const json::object* message = entry.if_object();
    if (!message) return bad("messages", "an array of objects");
    const std::string_view role = text_of(*message, "role");
    if (role != "system" && role != "developer" && role != "user" && role != "assistant" && role != "tool" && role != "function") {
      return bad("messages[].role", "system, developer, user, assistant or tool");
    }
    if (role != "tool" && !open.empty()) return unanswered(open);
    const std::string text = content_text(message->if_contains("content"));
    asked.input.add(count_tokens(text) + per_message_tokens);
    if (role != "tool") asked.results.clear();
    if (role == "user") asked.prompt = text;
    if (const json::array* calls = array_of(*message, "tool_calls")) {
      for (const json::value& made : *calls) {
        const json::object* function = made.is_object() ? object_of(made.get_object(), "function") : nullptr;
        if (!function) continue;
        const std::string id(text_of(made.get_object(), "id"));
        if (id.empty()) return missing("messages[].tool_calls[].id");
        call_names[id] = text_of(*function, "name");
        open.insert(id);
      }
    }
    if (role == "tool" && open.erase(std::string(text_of(*message, "tool_call_id"))) == 0) {
      return openai_refusal(400, "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", "messages");
    }
    if (role == "tool") asked.results.push_back({call_names[std::string(text_of(*message, "tool_call_id"))], text});
  }
  if (!open.empty()) return unanswered(open);
  if (auto refused = read_tools(body, asked)) return std::move(*refused);
  if (auto refused = read_format(object_of(body, "response_format"), "response_format", asked)) return std::move(*refused);
  return asked;
}

parsed<conversation> read_responses(const json::object& body) {
  conversation asked;
  if (auto refused = read_common(body, asked)) return std::move(*refused);
  asked.input.add(count_tokens(text_of(body, "instructions")));
  const json::value* input = body.if_contains("input");
  if (!input || input->is_null()) return missing("input");
  if (input->is_string()) {
    asked.prompt = input->get_string();
    asked.input.add(count_tokens(asked.prompt) + per_message_tokens);
  } else if (const json::array* items = input->if_array()) {
    std::map<std::string, std::string> call_names;
    for (const json::value& entry : *items) {
      const json::object* item = entry.if_object();
      if (!item) return bad("input", "a string or an array of items");
      const std::string_view type = text_of(*item, "type");
      if (type != "function_call_output") asked.results.clear();
      std::string text;
      if (type == "function_call") {
        call_names[std::string(text_of(*item, "call_id"))] = text_of(*item, "name");
        text = text_of(*item, "arguments");
      } else if (type == "function_call_output") {
        text = content_text(item->if_contains("output"));
        asked.results.push_back({call_names[std::string(text_of(*item, "call_id"))], text});
      } else {
        text = content_text(item->if_contains("content"));
        if (text_of(*item, "role") == "user") asked.prompt = text;
      }
      asked.input.add(count_tokens(text) + per_message_tokens);
    }
  } else {
    return bad("input", "a string or an array of items");
  }
  if (auto refused = read_tools(body, asked)) return std::move(*refused);
  const json::object* text = object_of(body, "text");
  if (auto refused = read_format(text ? object_of(*text, "format") : nullptr, "text.format", asked)) return std::move(*refused);
  return asked;
}

parsed<std::vector<conversation>> read_completions(const json::object& body) {
  conversation common;
  if (auto refused = read_common(body, common)) return std::move(*refused);
  if (!common.max_tokens) common.max_tokens = 16;   // OpenAI's default for this endpoint
  const json::value* prompt = body.if_contains("prompt");
  std::vector<conversation> asked;
  const auto add = [&](std::string text, std::size_t tokens) {
    asked.push_back(common);
    asked.back().prompt = std::move(text);
    asked.back().input.add(tokens);
  };
  if (!prompt || prompt->is_null()) {
    add("", 1);
  } else if (prompt->is_string()) {
    add(std::string(prompt->get_string()), count_tokens(prompt->get_string()));
  } else if (prompt->is_array() && !prompt->get_array().empty()) {
    const json::array& entries = prompt->get_array();
    if (entries.front().is_number()) {
      add(json::serialize(entries), entries.size());   // one prompt as token ids
    } else {
      for (const json::value& entry : entries) {
        if (entry.is_string()) add(std::string(entry.get_string()), count_tokens(entry.get_string()));
        else if (entry.is_array()) add(json::serialize(entry), entry.get_array().size());
        else return bad("prompt", "a string, an array of strings or token arrays");
      }
    }
  } else {
    return bad("prompt", "a string, an array of strings or token arrays");
  }
  return asked;
}

}  // namespace switchyard::sim

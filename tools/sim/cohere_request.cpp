// As strict as Cohere: a field it does not know is refused with 422, a wrong value with 400, and a tool's result must answer a call.
#include "tools/sim/cohere_request.hpp"

#include "tools/sim/cohere.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <map>
#include <set>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view manual = ". For proper usage, please refer to https://docs.cohere.com/reference/chat";

reply invalid(std::string_view what) { return cohere_refusal(400, "invalid request: " + std::string(what) + std::string(manual)); }

reply out_of_range(std::string_view field, std::string_view expected) { return invalid(std::string(field) + " must be " + std::string(expected)); }

/// A refusal if `field` is there and is no number between the bounds.
std::optional<reply> check_number(const json::object& body, std::string_view field, double least, double most, std::string_view expected) {
  const json::value* v = field_of(body, field);
  if (!v) return std::nullopt;
  if (v->is_number() && v->to_number<double>() >= least && v->to_number<double>() <= most) return std::nullopt;
  return out_of_range(field, expected);
}

/// The text of a content: a string or its parts of text. A refusal for parts that the role cannot have.
parsed<std::string> read_content(const json::object& message, std::string_view role) {
  const json::value* content = field_of(message, "content");
  std::string text;
  if (!content) return text;
  if (content->is_string()) return std::string(content->get_string());
  if (!content->is_array()) return invalid("content must be a string or an array of objects");
  for (const json::value& entry : content->get_array()) {
    const json::object* part = entry.if_object();
    const std::string_view type = part ? text_of(*part, "type") : std::string_view();
    if (type == "image_url" && role == "user") {
      const json::object* image = object_of(*part, "image_url");
      if (!image || text_of(*image, "url").empty()) return invalid("image_url must have a url");
      if (const auto name = unknown_key(*image, {"url", "detail"}); !name.empty()) return unknown_cohere_field(name);
    } else if (type == "document" && role == "tool") {
      if (!object_of(*part, "document")) return invalid("document must be an object");
    } else if (type != "text" && !(type == "thinking" && role == "assistant")) {
      return invalid("a message of role " + std::string(role) + " cannot have content of type '" + std::string(type) + "'");
    }
    const std::string_view piece = type == "text" ? text_of(*part, "text") : std::string_view();
    if (!text.empty() && !piece.empty()) text += "\n";
    text += piece;
  }
  return text;
}

class message_reader {
 public:
  explicit message_reader(conversation& into) : into_(into) {}

  std::optional<reply> read(const json::object& message) {
    const std::string_view role = text_of(message, "role");
    if (!is_one_of(role, {"system", "user", "assistant", "tool"})) return invalid("role must be one of system, user, assistant, tool");
    const auto known = role == "assistant" ? unknown_key(message, {"role", "content", "tool_plan", "tool_calls", "citations"})
                       : role == "tool"    ? unknown_key(message, {"role", "content", "tool_call_id"})
                                           : unknown_key(message, {"role", "content"});
    if (!known.empty()) return unknown_cohere_field(known);
    if (role != "tool" && !open_.empty()) return invalid("every tool call must be followed by its tool message");
    auto content = read_content(message, role);
    if (auto* refused = std::get_if<reply>(&content)) return std::move(*refused);
    const std::string& text = std::get<std::string>(content);
    into_.input.add(count_tokens(text));
    if (role != "tool") into_.results.clear();
    if (role == "user") return read_user(message, text);
    if (role == "assistant") return read_assistant(message, text);
    return role == "tool" ? read_result(message, text) : std::nullopt;
  }

  std::optional<reply> end() const {
    if (!open_.empty()) return invalid("every tool call must be followed by its tool message");
    return std::nullopt;
  }

 private:
  std::optional<reply> read_user(const json::object& message, const std::string& text) {
    const json::array* parts = array_of(message, "content");
    if (text.empty() && (!parts || parts->empty())) return invalid("message must be at least 1 token long or tool results must be specified");
    into_.prompt = text;
    return std::nullopt;
  }

  std::optional<reply> read_assistant(const json::object& message, const std::string& text) {
    const json::array* calls = array_of(message, "tool_calls");
    if (text.empty() && (!calls || calls->empty()) && !field_of(message, "content")) return invalid("a message of role assistant must have content or tool_calls");
    into_.input.earlier_answer();
    if (!calls) return std::nullopt;
    for (const json::value& entry : *calls) {
      const json::object* made = entry.if_object();
      const json::object* function = made ? object_of(*made, "function") : nullptr;
      if (!function || text_of(*made, "type") != "function" || text_of(*made, "id").empty() || text_of(*function, "name").empty())
        return invalid("tool_calls must have id, type and function");
      if (const auto name = unknown_key(*made, {"id", "type", "function"}); !name.empty()) return unknown_cohere_field(name);
      boost::system::error_code failed;
      const json::value arguments = json::parse(text_of(*function, "arguments"), failed);
      if (failed || !arguments.is_object()) return invalid("arguments of tool_calls must be a JSON object");
      into_.input.add(count_tokens(text_of(*function, "arguments")));
      names_[std::string(text_of(*made, "id"))] = text_of(*function, "name");
      open_.emplace(text_of(*made, "id"));
    }
    return std::nullopt;
  }

  std::optional<reply> read_result(const json::object& message, const std::string& text) {
    const std::string id(text_of(message, "tool_call_id"));
    if (open_.erase(id) == 0) return invalid("tool_call_id '" + id + "' is none of the calls before it");
    into_.results.push_back({names_[id], text});
    return std::nullopt;
  }

  conversation& into_;
  std::map<std::string, std::string> names_;   // of the tools, by the calls' ids
  std::set<std::string> open_;                 // calls without a result
};

std::optional<reply> read_messages(const json::object& body, conversation& into) {
  const json::array* messages = array_of(body, "messages");
  if (!messages || messages->empty()) return invalid("messages must be an array with at least one message");
  message_reader reader(into);
  for (const json::value& entry : *messages) {
    if (!entry.is_object()) return invalid("messages must be objects");
    if (auto refused = reader.read(entry.get_object())) return refused;
  }
  return reader.end();
}

std::optional<reply> read_tools(const json::object& body, conversation& into) {
  if (const json::array* tools = array_of(body, "tools")) {
    for (const json::value& entry : *tools) {
      const json::object* tool = entry.if_object();
      const json::object* function = tool ? object_of(*tool, "function") : nullptr;
      if (!function || text_of(*tool, "type") != "function" || !is_name(text_of(*function, "name"), "_-", 256)) return invalid("tools must be functions with a name");
      if (const auto name = unknown_key(*tool, {"type", "function"}); !name.empty()) return unknown_cohere_field(name);
      if (const auto name = unknown_key(*function, {"name", "description", "parameters"}); !name.empty()) return unknown_cohere_field(name);
      const json::object* parameters = object_of(*function, "parameters");
      if (!parameters) return invalid("parameters of tools must be an object");
      into.tools.push_back({std::string(text_of(*function, "name")), *parameters});
    }
  }
  const json::value* choice = field_of(body, "tool_choice");
  if (!choice) return std::nullopt;
  if (into.tools.empty()) return invalid("tool_choice needs tools");
  if (*choice == "NONE") into.choice = tool_choice::none;
  else if (*choice == "REQUIRED") into.choice = tool_choice::required;
  else return invalid("tool_choice must be REQUIRED or NONE");
  return std::nullopt;
}

std::optional<reply> read_format(const json::object& body, conversation& into) {
  const json::value* v = field_of(body, "response_format");
  if (!v) return std::nullopt;
  const json::object* format = v->if_object();
  if (!format || !is_one_of(text_of(*format, "type"), {"text", "json_object"})) return invalid("type of response_format must be text or json_object");
  if (const auto name = unknown_key(*format, {"type", "json_schema"}); !name.empty()) return unknown_cohere_field(name);
  if (text_of(*format, "type") == "text") return std::nullopt;
  into.shape = output_shape::json_object;
  if (!field_of(*format, "json_schema")) return std::nullopt;
  const json::object* schema = object_of(*format, "json_schema");
  if (!schema || schema->empty()) return invalid("json_schema must be a schema");
  into.shape = output_shape::json_schema;
  into.schema = *schema;
  return std::nullopt;
}

std::optional<reply> read_thinking(const json::object& body, conversation& into) {
  const json::value* v = field_of(body, "thinking");
  if (!v) return std::nullopt;
  const json::object* thinking = v->if_object();
  if (!thinking || !is_one_of(text_of(*thinking, "type"), {"enabled", "disabled"})) return invalid("type of thinking must be enabled or disabled");
  if (const auto name = unknown_key(*thinking, {"type", "token_budget"}); !name.empty()) return unknown_cohere_field(name);
  into.thinking = text_of(*thinking, "type") == "enabled";
  return check_number(*thinking, "token_budget", 1, 1e9, "an integer of at least 1");
}

std::optional<reply> read_settings(const json::object& body, conversation& into) {
  constexpr double huge = 1e18;
  struct bound {
    std::string_view field;
    double least, most;
    std::string_view expected;
  };
  for (const auto& [field, least, most, expected] : {bound{"max_tokens", 1, 1e9, "an integer of at least 1"}, bound{"temperature", 0, 2, "a number from 0 to 2"},
                                                     bound{"p", 0.01, 0.99, "a number from 0.01 to 0.99"}, bound{"k", 0, 500, "an integer from 0 to 500"},
                                                     bound{"frequency_penalty", 0, 1, "a number from 0 to 1"}, bound{"presence_penalty", 0, 1, "a number from 0 to 1"},
                                                     bound{"seed", 0, huge, "an integer of at least 0"}})
    if (auto refused = check_number(body, field, least, most, expected)) return refused;
  for (const std::string_view flag : {"stream", "strict_tools", "logprobs"})
    if (const json::value* v = field_of(body, flag); v && !v->is_bool()) return out_of_range(flag, "a boolean");
  into.stream = flag_of(body, "stream", false);
  const auto whole = [&](std::string_view field) { return field_of(body, field) ? integer_of(*field_of(body, field)) : std::nullopt; };
  if (const auto most = whole("max_tokens")) into.max_tokens = static_cast<std::size_t>(*most);
  into.seed = static_cast<std::uint64_t>(whole("seed").value_or(0));
  if (const json::array* stops = array_of(body, "stop_sequences")) {
    if (stops->size() > 5) return invalid("stop_sequences must be at most 5");
    for (const json::value& each : *stops) {
      if (!each.is_string()) return invalid("stop_sequences must be strings");
      into.stop.emplace_back(each.get_string());
    }
  }
  return std::nullopt;
}

}  // namespace

reply unknown_cohere_field(std::string_view name) {
  return cohere_refusal(422, "unknown field: parameter '" + std::string(name) + "' is not a valid field" + std::string(manual));
}

parsed<json::object> read_cohere_body(std::string_view body) {
  boost::system::error_code failed;
  json::value read = json::parse(json::string_view(body.data(), body.size()), failed);
  if (failed || !read.is_object()) return cohere_refusal(400, "invalid request: the body is no JSON object");
  if (text_of(read.get_object(), "model").empty()) return cohere_refusal(400, "invalid request: model is required");
  return std::move(read.get_object());
}

parsed<conversation> read_cohere_chat(const json::object& body) {
  conversation asked;
  asked.model = text_of(body, "model");
  if (const auto name = unknown_key(body, {"model", "messages", "stream", "tools", "strict_tools", "documents", "citation_options", "response_format", "safety_mode", "max_tokens",
                                           "stop_sequences", "temperature", "seed", "frequency_penalty", "presence_penalty", "k", "p", "logprobs", "tool_choice", "thinking",
                                           "priority"});
      !name.empty())
    return unknown_cohere_field(name);
  for (const auto read : {read_messages, read_tools, read_format, read_thinking, read_settings})
    if (auto refused = read(body, asked)) return std::move(*refused);
  return asked;
}

}  // namespace switchyard::sim

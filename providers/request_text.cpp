#include "providers/request_text.hpp"

#include "providers/json_scan.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers {

namespace {

/// Members whose strings are structure: what their text says is for programs.
constexpr std::array<std::string_view, 34> structural{
    "role",        "type",       "id",         "name",      "model",     "tool_call_id", "call_id",   "tool_use_id",       "toolUseId",
    "media_type",  "mime_type",  "mimeType",   "format",    "data",      "bytes",        "signature", "thoughtSignature",  "thought_signature",
    "url",         "file_url",   "image_url",  "file_uri",  "fileUri",   "file_id",      "detail",    "encrypted_content", "status",
    "filename",    "file_data",  "citations",  "annotations", "cache_control", "cachePoint", "redacted_thinking"};
/// Members and types of parts that hold a picture.
constexpr std::array<std::string_view, 3> image_members{"image", "inlineData", "inline_data"};
constexpr std::array<std::string_view, 4> image_types{"image", "image_url", "input_image", "computer_screenshot"};
constexpr std::array<std::string_view, 4> tool_types{"tool_result", "function_call_output", "custom_tool_call_output", "mcp_call_output"};
constexpr std::array<std::string_view, 3> tool_members{"toolResult", "functionResponse", "function_response"};
constexpr std::array<std::string_view, 3> call_types{"function_call", "custom_tool_call", "reasoning"};
constexpr std::array<std::string_view, 6> file_members{"fileData", "file_data", "video", "audio", "input_audio", "file"};

/// What of a tool's schema the model reads as text; its other strings are names and types.
constexpr std::array<std::string_view, 7> schema_texts{"description", "title", "default", "examples", "example", "enum", "const"};
/// Members in which a client says who asks, and why.
constexpr std::array<std::string_view, 5> client_members{"user", "safety_identifier", "metadata", "requestMetadata", "labels"};

constexpr std::size_t deepest = 70;      // the ingress takes 64

template <std::size_t n>
bool is_one_of(std::string_view name, const std::array<std::string_view, n>& names) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view text_member(std::string_view object, std::string_view name) noexcept {
  const auto value = json::find(object, name);
  return json::is_string(value) ? value.substr(1, value.size() - 2) : std::string_view{};
}

text_source source_of(std::string_view role, text_source otherwise) noexcept {
  if (role == "system" || role == "developer") return text_source::system;
  if (role == "user") return text_source::user;
  if (role == "assistant" || role == "model") return text_source::assistant;
  if (role == "tool" || role == "function") return text_source::tool;
  return otherwise;
}

class walker {
 public:
  walker(std::string_view body, request_texts& out) noexcept : body_(body), out_(out) {}

  /// A list whose objects are messages, one object, or a string that is a message of its own.
  void messages(std::string_view value, text_source who) {
    if (!json::is_array(value)) return message(value, who);
    json::elements each(value);
    for (std::string_view one; each.next(one);) message(one, who);
  }

  void message(std::string_view value, text_source who) {
    if (json::is_object(value)) {
      who = source_of(text_member(value, "role"), who);
      const auto type = text_member(value, "type");
      if (is_one_of(type, tool_types)) who = text_source::tool;
      if (is_one_of(type, call_types)) who = text_source::assistant;
    }
    begin(who);
    walk(value, {}, who, 0);
  }

  /// A tool's declaration, or a list of them.
  void schema(std::string_view value) {
    begin(text_source::system);
    walk_schema(value, false, 0);
  }

  /// Every string of it.
  void values(std::string_view value) {
    begin(text_source::system);
    walk_schema(value, true, 0);
  }

 private:
  void walk_schema(std::string_view value, bool is_text, std::size_t depth) {
    if (depth > deepest) return;
    if (json::is_string(value)) {
      if (is_text && value.size() > 2) add(value, text_source::system);
    } else if (json::is_array(value)) {
      json::elements each(value);
      for (std::string_view one; each.next(one);) walk_schema(one, is_text, depth + 1);
    } else if (json::is_object(value)) {
      json::members each(value);
      for (json::member one; each.next(one);) {
        const bool is_property = json::is_object(one.value) && (one.name == "description" || one.name == "title");   // one that is called so
        walk_schema(one.value, is_text || (is_one_of(one.name, schema_texts) && !is_property), depth + 1);
      }
    }
  }

  void begin(text_source who) noexcept {
    ++out_.messages;
    who_ = who;
  }

  void walk(std::string_view value, std::string_view key, text_source who, std::size_t depth) {
    if (depth > deepest) return;
    if (json::is_string(value)) {
      if (value.size() > 2 && !is_one_of(key, structural)) add(value, who);
    } else if (json::is_array(value)) {
      json::elements each(value);
      for (std::string_view one; each.next(one);) walk(one, key, who, depth + 1);
    } else if (json::is_object(value)) {
      walk_object(value, who, depth);
    }
  }

  void walk_object(std::string_view value, text_source who, std::size_t depth) {
    const auto type = text_member(value, "type");
    if (is_one_of(type, image_types)) {
      ++out_.images;
      return;
    }
    if (is_one_of(type, tool_types)) who = text_source::tool;
    const bool plain_document = type == "text" && !text_member(value, "data").empty();   // Anthropic's {"type":"text","media_type","data"}
    json::members each(value);
    for (json::member one; each.next(one);) {
      if (plain_document && one.name == "data") {
        add(one.value, who);
      } else if (is_one_of(one.name, image_members)) {
        ++out_.images;
      } else if (is_one_of(one.name, file_members)) {
        continue;
      } else if (is_one_of(one.name, tool_members)) {
        walk(one.value, one.name, text_source::tool, depth + 1);
      } else if (!is_one_of(one.name, structural)) {
        walk(one.value, one.name, who, depth + 1);
      }
    }
  }

  void add(std::string_view value, text_source who) {
    if (who != who_) begin(who);         // a tool's result within a user's turn
    const auto at = static_cast<std::size_t>(value.data() - body_.data());
    out_.places.push_back({who, out_.messages - 1, {at, at + value.size()}});
  }

  std::string_view body_;
  request_texts& out_;
  text_source who_ = text_source::user;
};

int count_of(std::string_view array) noexcept {
  int count = 0;
  json::elements each(array);
  for (std::string_view one; each.next(one);) ++count;
  return count;
}

/// Gemini's and Bedrock's tools are lists of declarations within lists.
int count_tools(std::string_view tools) {
  if (!json::is_array(tools)) return 0;
  int count = 0;
  json::elements each(tools);
  for (std::string_view one; each.next(one);) {
    auto declared = json::find(one, "functionDeclarations");
    if (declared.empty()) declared = json::find(one, "function_declarations");
    count += json::is_array(declared) ? count_of(declared) : 1;
  }
  return count;
}

bool asks_for_json(std::string_view name, std::string_view value) noexcept {
  const auto is_json = [](std::string_view type) { return type == "json_object" || type == "json_schema"; };
  if (name == "response_format" || name == "output_format") return is_json(text_member(value, "type"));
  if (name == "text") return is_json(text_member(json::find(value, "format"), "type"));
  if (name == "output_config") return is_json(text_member(json::find(value, "format"), "type"));
  if (name == "generationConfig" || name == "generation_config") {
    const auto mime = text_member(value, "responseMimeType");
    return mime == "application/json" || text_member(value, "response_mime_type") == "application/json";
  }
  return false;
}

}  // namespace

request_texts find_texts(api operation, std::string_view body, text_reach reach) {
  request_texts out;
  walker walk(body, out);
  const bool all = reach == text_reach::everything;
  json::members each(body);
  for (json::member one; each.next(one);) {
    const bool is_schema = one.name == "tools" || one.name == "functions" || one.name == "toolConfig";
    const bool is_client = is_one_of(one.name, client_members);
    out.more = out.more || ((is_schema || is_client) && !all);
    if (all && is_schema) walk.schema(one.value);
    if (all && is_client) walk.values(one.value);
    if (one.name == "messages" || one.name == "contents" || one.name == "input") {
      walk.messages(one.value, text_source::user);
    } else if (one.name == "prompt" || (one.name == "content" && is_embedding(operation))) {
      walk.messages(one.value, text_source::user);
    } else if (one.name == "requests" && operation == api::batch_embed_contents) {
      json::elements requests(one.value);
      for (std::string_view request; requests.next(request);) walk.messages(json::find(request, "content"), text_source::user);
    } else if (one.name == "generateContentRequest") {
      for (const auto name : {"systemInstruction", "contents"})
        if (const auto value = json::find(one.value, name); !value.empty())
          walk.messages(value, std::string_view(name) == "contents" ? text_source::user : text_source::system);
    } else if (one.name == "system" || one.name == "instructions" || one.name == "systemInstruction" || one.name == "system_instruction") {
      walk.message(one.value, text_source::system);
    } else if (one.name == "tools" || one.name == "functions") {
      out.tools += count_tools(one.value);
    } else if (one.name == "toolConfig") {
      out.tools += count_tools(json::find(one.value, "tools"));
    } else if (one.name == "user" && json::is_string(one.value)) {
      out.user = one.value.substr(1, one.value.size() - 2);
    } else if (one.name == "metadata" && operation == api::messages) {
      out.user = text_member(one.value, "user_id");
    } else {
      out.json_wanted = out.json_wanted || asks_for_json(one.name, one.value);
    }
  }
  return out;
}

}  // namespace switchyard::providers

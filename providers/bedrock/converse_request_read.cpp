// A Converse request as a neutral one.
//
//   {"messages":[{"role":"user"|"assistant"|"system","content":[block]}],"system":[block],
//    "inferenceConfig":{"maxTokens","temperature","topP","stopSequences"},
//    "toolConfig":{"tools":[{"toolSpec":{"name","description","inputSchema":{"json"},"strict"}}|{"cachePoint"}|{"systemTool"}],
//                  "toolChoice":{"auto":{}}|{"any":{}}|{"tool":{"name"}}},
//    "guardrailConfig","performanceConfig","requestMetadata","serviceTier":{"type"},
//    "outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":string,"name","description"}}},"effort"},
//    "additionalModelRequestFields": the model's own: "thinking", "top_k", "reasoning_effort", ... as far as others know them}
#include "providers/bedrock/converse.hpp"

#include <charconv>

namespace switchyard::providers::converse {

using neutral::json_text;
using neutral::setting;

namespace {

class request_reader {
 public:
  explicit request_reader(neutral::arena& texts) : texts_(texts), blocks_(texts, out_.unknown) {}

  [[nodiscard]] result<neutral::request> read(std::string_view body) {
    json_text messages;
    json::members walk(body);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "messages")
        messages = m.value;
      else
        read_member(m);
    }
    if (problem_) return *std::move(problem_);
    read_messages(messages);
    if (problem_) return *std::move(problem_);
    return std::move(out_);
  }

 private:
  void refuse(std::string param, std::string_view expected) {
    if (!problem_) problem_ = client_error(error_code::invalid_request, param + ": expected " + std::string(expected), std::move(param));
  }
  void note_unknown(std::string_view prefix, std::string_view name) {
    out_.unknown.push_back(prefix.empty() ? name : texts_.keep(std::string(prefix) + "." + std::string(name)));
  }

  void read_member(const json::member& m) {
    if (m.name == "system") {
      read_system(m.value);
    } else if (m.name == "inferenceConfig") {
      read_inference(m.value);
    } else if (m.name == "toolConfig") {
      read_tools(m.value);
    } else if (m.name == "guardrailConfig") {
      out_.guardrail = {m.value, "guardrailConfig"};
    } else if (m.name == "performanceConfig") {
      out_.performance = {m.value, "performanceConfig"};
    } else if (m.name == "requestMetadata") {
      out_.metadata = {m.value, "requestMetadata"};
    } else if (m.name == "serviceTier") {
      out_.service_tier = {json::find(m.value, "type"), "serviceTier"};
    } else if (m.name == "outputConfig") {
      read_output(m.value);
    } else if (m.name == "additionalModelRequestFields") {
      read_additional(m.value);
    } else if (m.name != "fallbacks") {   // that one is Switchyard's own
      note_unknown({}, m.name);
    }
  }

  void read_system(json_text value) {
    neutral::message first{.role = neutral::role::system};
    if (const auto bad = blocks_.read_all(value, first.parts)) return refuse("system[" + std::to_string(*bad) + "]", "a block such as {\"text\": \"...\"}");
    if (!first.parts.empty()) out_.messages.insert(out_.messages.begin(), std::move(first));
  }

  void read_messages(json_text value) {
    if (!json::is_array(value)) return refuse("messages", "an array of messages");
    json::elements walk(value);
    std::size_t index = 0;
    for (std::string_view entry; walk.next(entry) && !problem_; ++index) read_message(entry, "messages[" + std::to_string(index) + "]");
  }

  void read_message(json_text entry, const std::string& path) {
    neutral::message out;
    const auto role = json::find(entry, "role");
    if (json::is_text(role, "user"))
      out.role = neutral::role::user;
    else if (json::is_text(role, "assistant"))
      out.role = neutral::role::assistant;
    else if (json::is_text(role, "system"))
      out.role = neutral::role::system;
    else
      return refuse(path + ".role", "\"user\" or \"assistant\"");
    const auto content = json::find(entry, "content");
    if (!json::is_array(content)) return refuse(path + ".content", "an array of content blocks");
    if (const auto bad = blocks_.read_all(content, out.parts))
      return refuse(path + ".content[" + std::to_string(*bad) + "]", "a block with one member such as {\"text\": \"...\"}");
    out_.messages.push_back(std::move(out));
  }

  void read_inference(json_text value) {
    json::members walk(value);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "maxTokens")
        out_.max_output_tokens = {m.value, "inferenceConfig.maxTokens"};
      else if (m.name == "temperature")
        out_.temperature = {m.value, "inferenceConfig.temperature"};
      else if (m.name == "topP")
        out_.top_p = {m.value, "inferenceConfig.topP"};
      else if (m.name == "stopSequences" && json::has_entries(m.value))
        out_.stop = {m.value, "inferenceConfig.stopSequences"};
      else if (m.name != "stopSequences")
        note_unknown("inferenceConfig", m.name);
    }
  }

  void read_tools(json_text value) {
    json::members walk(value);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "toolChoice") {
        read_choice(m.value);
      } else if (m.name == "tools") {
        json::elements tools(m.value);
        std::size_t index = 0;
        for (std::string_view entry; tools.next(entry); ++index) read_tool(entry, "toolConfig.tools[" + std::to_string(index) + "]");
      } else {
        note_unknown("toolConfig", m.name);
      }
    }
  }

  void read_choice(json_text value) {
    json::members walk(value);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "auto") {
        out_.choice = neutral::tool_mode::automatic;
      } else if (m.name == "any") {
        out_.choice = neutral::tool_mode::required;
      } else if (m.name == "tool") {
        out_.choice = neutral::tool_mode::named;
        out_.chosen_tool = json::find(m.value, "name");
        if (!json::has_text(out_.chosen_tool)) refuse("toolConfig.toolChoice.tool.name", "a tool's name");
      } else {
        note_unknown("toolConfig.toolChoice", m.name);
      }
    }
  }

  void read_tool(json_text entry, const std::string& path) {
    json::members walk(entry);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "cachePoint") {
        if (!out_.tools.empty()) out_.tools.back().cache_control = cache_control_of(m.value, texts_);
      } else if (m.name == "toolSpec") {
        neutral::tool out;
        json::members spec(m.value);
        for (json::member s; spec.next(s);) {
          if (json::is_null(s.value)) continue;
          if (s.name == "name")
            out.name = s.value;
          else if (s.name == "description")
            out.description = s.value;
          else if (s.name == "inputSchema")
            out.parameters = json::find(s.value, "json");
          else if (s.name == "strict")
            out.strict = s.value;
          else
            note_unknown("toolConfig.tools.toolSpec", s.name);
        }
        if (!json::has_text(out.name)) return refuse(path + ".toolSpec.name", "a tool's name");
        out_.tools.push_back(out);
      } else {
        out_.tools.push_back({.name = json::find(m.value, "name"), .original = entry, .kind = m.name});
      }
    }
  }

  void read_output(json_text value) {
    json::members walk(value);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      const auto schema = json::find(json::find(m.value, "structure"), "jsonSchema");
      if (m.name == "effort") {
        wish("outputConfig.effort").effort = m.value;
      } else if (m.name == "textFormat" && json::is_object(schema)) {
        out_.format.shape = neutral::output_shape::json_schema;
        json::members about(schema);
        for (json::member s; about.next(s);) {
          if (s.name == "name") out_.format.name = s.value;
          if (s.name == "description") out_.format.description = s.value;
          if (s.name == "schema") out_.format.schema = json::is_string(s.value) ? texts_.keep(json::unescape(s.value)) : s.value;
        }
        if (const auto text = out_.format.schema; !json::is_object(text) || json::skip_value(text, 0) == json::npos)
          refuse("outputConfig.textFormat.structure.jsonSchema.schema", "a JSON Schema object as a string");
      } else {
        note_unknown("outputConfig", m.name);
      }
    }
  }

  /// The models' own fields, as far as other formats have the same.
  void read_additional(json_text value) {
    constexpr std::string_view prefix = "additionalModelRequestFields";
    json::members walk(value);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "thinking" && json::is_object(m.value)) {
        read_thinking(m.value);
      } else if (m.name == "top_k") {
        out_.top_k = {m.value, "additionalModelRequestFields.top_k"};
      } else if ((m.name == "reasoning_effort" || m.name == "reasoning_config") && json::is_string(m.value)) {
        wish("additionalModelRequestFields.reasoning_effort").effort = m.value;
      } else if (m.name == "output_config" && json::is_string(json::find(m.value, "effort"))) {
        wish("additionalModelRequestFields.output_config").effort = json::find(m.value, "effort");
      } else if (m.name == "inferenceConfig" && !json::find(m.value, "topK").empty()) {
        out_.top_k = {json::find(m.value, "topK"), "additionalModelRequestFields.inferenceConfig.topK"};
      } else {
        note_unknown(prefix, m.name);
      }
    }
  }

  void read_thinking(json_text value) {
    auto& out = wish("additionalModelRequestFields.thinking");
    const auto type = json::find(value, "type");
    if (json::is_text(type, "disabled")) {
      out.budget = 0;
      return;
    }
    out.budget = json::as_count(json::find(value, "budget_tokens")).value_or(-1);
    out.show = true;
  }

  [[nodiscard]] neutral::reasoning_wish& wish(std::string_view name) {
    out_.reasoning.name = name;
    return out_.reasoning;
  }

  neutral::arena& texts_;
  neutral::request out_;
  block_reader blocks_;
  std::optional<error> problem_;
};

}  // namespace

result<neutral::request> read_request(std::string_view body, neutral::arena& texts) { return request_reader(texts).read(body); }

}  // namespace switchyard::providers::converse

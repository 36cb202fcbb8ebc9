// A messages request as a neutral one.
//
//   request = {"model","max_tokens","messages":[{"role":"user"|"assistant"|"system","content": string | blocks}],
//              "system": string | text blocks,"tools":[{"name","description","input_schema","strict"} | {"type":"web_search_20250305",…}],
//              "tool_choice":{"type":"auto"|"any"|"tool"|"none","name"?,"disable_parallel_tool_use"?},
//              "thinking","output_config":{"effort","format"},"output_format","metadata":{"user_id"},"stop_sequences",…}
//
// What belongs to Anthropic's own machinery (container, mcp_servers, context_management, cache_control at the top, …) is `unknown`.
#include "providers/anthropic/blocks.hpp"
#include "providers/anthropic/messages.hpp"
#include "providers/anthropic/thinking.hpp"

#include <algorithm>

namespace switchyard::providers::anthropic {

namespace {

using neutral::part;
using neutral::part_kind;
using neutral::setting;

[[nodiscard]] error refused(std::string name, std::string_view what) {
  std::string message = name;
  message.append(": ").append(what);
  return client_error(error_code::invalid_request, std::move(message), std::move(name));
}

class reader {
 public:
  reader(std::string_view body, neutral::arena& texts) : body_(body), texts_(texts) {}

  [[nodiscard]] result<neutral::request> read() {
    std::string_view system, messages, thinking, effort;
    json::members walk(body_);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      const auto n = m.name;
      if (n == "model" || n == "fallbacks") continue;
      else if (n == "messages") messages = m.value;
      else if (n == "system") system = m.value;
      else if (n == "max_tokens") out_.max_output_tokens = {m.value, "max_tokens"};
      else if (n == "stream") out_.stream = m.value == "true";
      else if (n == "temperature") out_.temperature = {m.value, "temperature"};
      else if (n == "top_p") out_.top_p = {m.value, "top_p"};
      else if (n == "top_k") out_.top_k = {m.value, "top_k"};
      else if (n == "stop_sequences") out_.stop = json::has_entries(m.value) ? setting{m.value, "stop_sequences"} : setting{};
      else if (n == "service_tier") out_.service_tier = {m.value, "service_tier"};
      else if (n == "tools") read_tools(m.value);
      else if (n == "tool_choice") read_tool_choice(m.value);
      else if (n == "thinking") thinking = m.value;
      else if (n == "output_config") effort = read_output_config(m.value);
      else if (n == "output_format") read_format(m.value);
      else if (n == "metadata") read_metadata(m.value);
      else out_.unknown.push_back(texts_.keep(std::string(n)));
    }
    if (!walk.ok()) return refused("body", "expected a JSON object");
    read_thinking(thinking, effort, out_.reasoning, out_.unknown);
    read_system(system);
    read_messages(messages);
    if (problem_) return *std::move(problem_);
    return std::move(out_);
  }

 private:
  [[nodiscard]] block_reading reading() { return {texts_, out_.unknown}; }

  void refuse(std::string name, std::string_view what) {
    if (!problem_) problem_ = refused(std::move(name), what);
  }

  void skip(std::string name) {
    if (std::find(out_.unknown.begin(), out_.unknown.end(), name) == out_.unknown.end()) out_.unknown.push_back(texts_.keep(std::move(name)));
  }

  void read_system(std::string_view system) {
    if (system.empty()) return;
    if (!json::is_string(system) && !json::is_array(system)) return refuse("system", "expected a string or an array of text blocks");
    neutral::message message;
    message.role = neutral::role::system;
    read_content(system, message.parts, reading());
    if (!message.parts.empty()) out_.messages.insert(out_.messages.begin(), std::move(message));
  }

  void read_messages(std::string_view messages) {
    if (!json::is_array(messages)) return refuse("messages", "expected an array of messages");
    std::size_t index = 0;
    json::elements walk(messages);
    for (std::string_view entry; walk.next(entry) && !problem_; ++index) read_message(entry, "messages." + std::to_string(index));
  }

  void read_message(std::string_view entry, const std::string& path) {
    const auto role = json::find(entry, "role");
    const auto content = json::find(entry, "content");
    neutral::message message;
    if (json::is_text(role, "assistant")) message.role = neutral::role::assistant;
    else if (json::is_text(role, "system")) message.role = neutral::role::system;
    else if (!json::is_text(role, "user")) return refuse(path + ".role", R"(expected "user", "assistant" or "system")");
    if (!json::is_string(content) && !json::is_array(content)) return refuse(path + ".content", "expected a string or an array of blocks");
    read_content(content, message.parts, reading());
    std::size_t index = 0;
    for (auto& p : message.parts) check(p, path + ".content." + std::to_string(index++));
    out_.messages.push_back(std::move(message));
  }

  /// What translating needs; whether the rest makes sense is for the provider to say.
  void check(part& p, const std::string& path) {
    switch (p.kind) {
      case part_kind::text:
        if (!json::is_string(p.text)) refuse(path + ".text", "expected a string");
        break;
      case part_kind::tool_call:
        if (!json::has_text(p.id)) return refuse(path + ".id", "expected a string");
        if (!json::has_text(p.name)) return refuse(path + ".name", "expected a string");
        if (!json::is_object(p.arguments)) return refuse(path + ".input", "expected an object");
        calls_.push_back({p.id, p.name});
        break;
      case part_kind::tool_result: {
        if (!json::has_text(p.id)) return refuse(path + ".tool_use_id", "expected a string");
        const auto call = std::find_if(calls_.rbegin(), calls_.rend(), [&](const auto& c) { return c.id == p.id; });
        if (call != calls_.rend()) p.name = call->name;
        break;
      }
      case part_kind::reasoning:
        if (!json::is_string(p.text)) refuse(path + ".thinking", "expected a string");
        break;
      case part_kind::foreign:
        if (!json::has_text(p.name)) refuse(path + ".type", "expected the type of a content block");
        break;
      default: break;
    }
  }

  void read_tools(std::string_view tools) {
    if (!json::is_array(tools)) return refuse("tools", "expected an array of tools");
    std::size_t index = 0;
    json::elements walk(tools);
    for (std::string_view entry; walk.next(entry); ++index) read_tool(entry, "tools." + std::to_string(index));
  }

  void read_tool(std::string_view entry, const std::string& path) {
    neutral::tool tool;
    std::string_view type;
    bool deferred = false;
    json::members walk(entry);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      const auto n = m.name;
      if (n == "type") type = json::inside(m.value);
      else if (n == "name") tool.name = m.value;
      else if (n == "description") tool.description = m.value;
      else if (n == "input_schema") tool.parameters = m.value;
      else if (n == "strict") tool.strict = m.value;
      else if (n == "cache_control") tool.cache_control = m.value;
      else if (n == "defer_loading") deferred = m.value == "true";
    }
    if (!type.empty() && type != "custom") {
      tool.original = entry;
      tool.kind = without_date(type);
      out_.tools.push_back(tool);
      return;
    }
    if (!json::has_text(tool.name)) return refuse(path + ".name", "expected a string");
    if (deferred) skip("tools.defer_loading");
    for (const auto* extra : {"allowed_callers", "eager_input_streaming", "input_examples"})
      if (const auto value = json::find(entry, extra); !value.empty() && !json::is_null(value)) skip(std::string("tools.") + extra);
    out_.tools.push_back(tool);
  }

  /// "web_search_20250305" -> "web_search"
  [[nodiscard]] static std::string_view without_date(std::string_view type) noexcept {
    const auto last = type.rfind('_');
    if (last == std::string_view::npos || type.size() - last != 9) return type;
    const auto date = type.substr(last + 1);
    return std::all_of(date.begin(), date.end(), [](char c) { return c >= '0' && c <= '9'; }) ? type.substr(0, last) : type;
  }

  void read_tool_choice(std::string_view choice) {
    const auto type = json::inside(json::find(choice, "type"));
    if (type == "auto") out_.choice = neutral::tool_mode::automatic;
    else if (type == "any") out_.choice = neutral::tool_mode::required;
    else if (type == "none") out_.choice = neutral::tool_mode::none;
    else if (type == "tool") out_.choice = neutral::tool_mode::named, out_.chosen_tool = json::find(choice, "name");
    else return refuse("tool_choice.type", R"(expected "auto", "any", "tool" or "none")");
    if (type == "tool" && !json::has_text(out_.chosen_tool)) return refuse("tool_choice.name", "expected a string");
    const auto alone = json::find(choice, "disable_parallel_tool_use");
    if (alone == "true" || alone == "false") out_.parallel_tool_calls = alone == "false";
  }

  /// Gives the effort.
  [[nodiscard]] std::string_view read_output_config(std::string_view config) {
    std::string_view effort;
    json::members walk(config);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "effort") effort = m.value;
      else if (m.name == "format") read_format(m.value);
      else skip("output_config." + std::string(m.name));
    }
    return effort;
  }

  void read_format(std::string_view format) {
    if (!json::is_text(json::find(format, "type"), "json_schema")) return skip("output_config.format");
    out_.format.shape = neutral::output_shape::json_schema;
    out_.format.schema = json::find(format, "schema");
    if (!json::is_object(out_.format.schema)) refuse("output_config.format.schema", "expected an object");
  }

  void read_metadata(std::string_view metadata) {
    json::members walk(metadata);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "user_id") out_.user = {m.value, "metadata.user_id"};
      else skip("metadata." + std::string(m.name));
    }
  }

  struct call {
    std::string_view id, name;
  };

  std::string_view body_;
  neutral::arena& texts_;
  neutral::request out_;
  std::vector<call> calls_;
  std::optional<error> problem_;
};

}  // namespace

result<neutral::request> read_messages_request(std::string_view body, neutral::arena& texts) { return reader(body, texts).read(); }

}  // namespace switchyard::providers::anthropic

// Reads a client's responses request: the conversation in `input`, tools, and the settings by their names.
//
// State that OpenAI keeps (previous_response_id, conversation, prompt, item_reference) and work in the background cannot be had
// elsewhere: such a request is refused here, because this reader is asked only where the request has to be translated.
#include "providers/openai/responses.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::responses {

namespace {

using neutral::message;
using neutral::part;
using neutral::part_kind;
using neutral::role;
using neutral::tool_mode;

[[nodiscard]] error refused(std::string message, std::string param) {
  return client_error(error_code::invalid_request, std::move(message), std::move(param));
}

/// What the provider would have to remember.
[[nodiscard]] error needs_state(std::string_view name) {
  return refused("'" + std::string(name) + "' refers to state kept by OpenAI, which the provider chosen for this request does not have. "
                 "Send the conversation in 'input' instead.", std::string(name));
}

class request_reader {
 public:
  explicit request_reader(neutral::arena& texts) : texts_(texts), items_(texts, true) {}

  [[nodiscard]] result<neutral::request> read(std::string_view body) {
    json_text input, choice;
    json::members walk(body);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "input") input = m.value;
      else if (m.name == "tool_choice") choice = m.value;
      else if (auto wrong = read_member(m.name, m.value)) return *std::move(wrong);
      if (m.name != "input" && m.name != "model" && m.name != "stream") out_.originals.push_back({m.value, m.name});
    }
    if (auto wrong = read_input(input)) return *std::move(wrong);
    items_.sign_calls(out_.messages);
    drop_repeated_tools();
    read_choice(choice);
    return std::move(out_);
  }

 private:
  using problem = std::optional<error>;

  [[nodiscard]] problem read_member(std::string_view name, json_text value) {
    if (const auto place = place_of(name)) {
      out_.*place = {value, name};
    } else if (name == "instructions") {
      if (!json::is_string(value)) return refused("Invalid type for 'instructions': expected a string.", "instructions");
      message first;
      first.role = role::system;
      items_.read_content(value, first.parts);
      out_.messages.insert(out_.messages.begin(), std::move(first));
    } else if (name == "stream") {
      out_.stream = value == "true";
    } else if (name == "tools") {
      if (!json::is_array(value)) return refused("Invalid type for 'tools': expected an array of objects.", "tools");
      read_tools(value, out_.tools, texts_);
    } else if (name == "parallel_tool_calls") {
      out_.parallel_tool_calls = value == "true";
    } else if (name == "text") {
      return read_text(value);
    } else if (name == "reasoning") {
      return read_reasoning(value);
    } else if (name == "include") {
      read_include(value);
    } else if (name == "safety_identifier") {
      if (!out_.user) out_.user = {value, name};
    } else if (name == "top_logprobs") {
      out_.top_logprobs = {value, name};
      if (!out_.logprobs) out_.logprobs = {"true", name};
    } else if (name == "previous_response_id" || name == "conversation" || name == "prompt") {
      return needs_state(name);
    } else if (name == "background") {
      if (value == "true")
        return refused("'background' needs a provider that keeps responses; the one chosen for this request does not.", "background");
    } else if (name == "stream_options") {
      if (json::find(value, "include_obfuscation") == "true") out_.unknown.push_back("stream_options.include_obfuscation");
    } else if (name == "truncation") {
      if (!json::is_text(value, "disabled")) out_.unknown.push_back(name);
    } else if (name != "model" && name != "fallbacks") {
      out_.unknown.push_back(name);
    }
    return {};
  }

  [[nodiscard]] static neutral::setting neutral::request::* place_of(std::string_view name) noexcept {
    using request = neutral::request;
    struct row {
      std::string_view name;
      neutral::setting request::* place;
    };
    static constexpr std::array<row, 7> rows = {{{"max_output_tokens", &request::max_output_tokens},
                                                 {"temperature", &request::temperature},
                                                 {"top_p", &request::top_p},
                                                 {"user", &request::user},
                                                 {"metadata", &request::metadata},
                                                 {"service_tier", &request::service_tier},
                                                 {"store", &request::store}}};
    for (const auto& each : rows)
      if (each.name == name) return each.place;
    return nullptr;
  }

  [[nodiscard]] problem read_text(json_text text) {
    if (!json::is_object(text)) return refused("Invalid type for 'text': expected an object.", "text");
    json::members walk(text);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "verbosity") out_.verbosity = {m.value, "text.verbosity"};
      else if (m.name == "format") read_format(m.value);
      else out_.unknown.push_back(named("text.", m.name));
    }
    return {};
  }

  void read_format(json_text format) {
    const auto value = [&](std::string_view name) {
      const auto found = json::find(format, name);
      return json::is_null(found) ? json_text{} : found;
    };
    const auto type = json::inside(value("type"));
    if (type == "json_object") {
      out_.format.shape = neutral::output_shape::json_object;
    } else if (type == "json_schema") {
      out_.format = {neutral::output_shape::json_schema, value("schema"), value("name"), value("description"), value("strict")};
    } else if (type != "text") {
      out_.unknown.push_back("text.format");
    }
  }

  [[nodiscard]] problem read_reasoning(json_text reasoning) {
    if (!json::is_object(reasoning)) return refused("Invalid type for 'reasoning': expected an object.", "reasoning");
    out_.reasoning.name = "reasoning";
    json::members walk(reasoning);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "effort") {
        out_.reasoning.effort = m.value;
      } else if (m.name == "summary" || m.name == "generate_summary") {
        if (json::is_text(m.value, "none")) continue;
        out_.reasoning.summary = m.value;
        out_.reasoning.show = true;
      } else {
        out_.unknown.push_back(named("reasoning.", m.name));
      }
    }
    return {};
  }

  void read_include(json_text include) {
    json::elements walk(include);
    for (std::string_view what; walk.next(what);) {
      const auto name = json::inside(what);
      if (name == "reasoning.encrypted_content") continue;   // always given
      if (name == "message.output_text.logprobs") out_.logprobs = {"true", "include"};
      else out_.unknown.push_back(named("include.", name));
    }
  }

  [[nodiscard]] std::string_view named(std::string_view group, std::string_view name) {
    return texts_.keep(std::string(group) + std::string(name));
  }

  // ---- the conversation

  [[nodiscard]] problem read_input(json_text input) {
    if (json::is_string(input)) {
      items_.read_content(input, add(role::user).parts);
      return {};
    }
    if (input.empty()) return {};
    if (!json::is_array(input)) return refused("Invalid type for 'input': expected a string or an array.", "input");
    json::elements walk(input);
    std::size_t at = 0;
    for (std::string_view item; walk.next(item); ++at)
      if (auto wrong = read_item(item, at)) return wrong;
    return {};
  }

  [[nodiscard]] problem read_item(json_text item, std::size_t at) {
    const auto where = [at] { return "input[" + std::to_string(at) + "]"; };
    if (!json::is_object(item)) return refused("Invalid type for '" + where() + "': expected an object.", where());
    json_text type_value, role_value, content;
    json::members walk(item);
    for (json::member m; walk.next(m);) {
      if (m.name == "type") type_value = m.value;
      else if (m.name == "role") role_value = m.value;
      else if (m.name == "content") content = m.value;
      else if (m.name == "phase" && !json::is_null(m.value)) note_once("input.phase");
    }
    const auto type = json::inside(type_value);
    if (type == "message" || (type.empty() && !role_value.empty())) return read_message(json::inside(role_value), content, where());
    if (type == "item_reference" || (type.empty() && !json::find(item, "id").empty())) return needs_state(where());
    if (type.empty()) return refused("Missing required parameter: '" + where() + ".type'.", where() + ".type");
    if (type == "additional_tools") {
      read_tools(json::find(item, "tools"), out_.tools, texts_);
      return {};
    }
    if (const auto shape = shape_of_output(type); shape && (*shape != tool_shape::tool_search || is_from_client(item))) {
      // Tools that a search has found can be called from now on.
      if (*shape == tool_shape::tool_search) read_tools(json::find(item, "tools"), out_.tools, texts_);
      results().parts.push_back(items_.read_result(item, *shape));
      return {};
    }
    if (type == "computer_call_output" || type == "mcp_approval_response") {
      items_.read_output(item, type, add(role::user).parts);
      return {};
    }
    std::vector<part> made;
    items_.read_output(item, type, made);
    if (made.empty()) return {};
    auto& turn = assistant();
    for (auto& each : made) turn.parts.push_back(std::move(each));
    return {};
  }

  [[nodiscard]] static bool is_from_client(json_text item) noexcept { return !json::is_text(json::find(item, "execution"), "server"); }

  [[nodiscard]] problem read_message(std::string_view name, json_text content, std::string where) {
    if (!json::is_string(content) && !json::is_array(content))
      return refused("Invalid type for '" + where + ".content': expected a string or an array of objects.", where + ".content");
    if (name == "assistant") {
      // A second message is a turn of its own, unless results of calls are still due or there are only thoughts so far.
      const bool joins = !out_.messages.empty() && out_.messages.back().role == role::assistant &&
                         (has_calls(out_.messages.back()) || only_reasoning(out_.messages.back()));
      items_.read_content(content, (joins ? out_.messages.back() : add(role::assistant)).parts);
      return {};
    }
    if (name != "user" && name != "system" && name != "developer")
      return refused("Invalid value for '" + where + ".role': expected 'user', 'assistant', 'system' or 'developer'.", where + ".role");
    items_.read_content(content, add(name == "user" ? role::user : name == "system" ? role::system : role::developer).parts);
    return {};
  }

  [[nodiscard]] static bool has_calls(const message& turn) noexcept {
    return std::any_of(turn.parts.begin(), turn.parts.end(), [](const part& p) { return p.kind == part_kind::tool_call; });
  }
  [[nodiscard]] static bool only_reasoning(const message& turn) noexcept {
    return std::all_of(turn.parts.begin(), turn.parts.end(),
                       [](const part& p) { return p.kind == part_kind::reasoning || p.kind == part_kind::redacted_reasoning; });
  }

  message& add(role who) {
    out_.messages.emplace_back().role = who;
    return out_.messages.back();
  }
  message& assistant() {
    const bool goes_on = !out_.messages.empty() && out_.messages.back().role == role::assistant;
    return goes_on ? out_.messages.back() : add(role::assistant);
  }
  /// Results that follow one another stand in one message.
  message& results() {
    const bool goes_on = !out_.messages.empty() && out_.messages.back().role == role::user && !out_.messages.back().parts.empty() &&
                         out_.messages.back().parts.back().kind == part_kind::tool_result;
    return goes_on ? out_.messages.back() : add(role::user);
  }

  void note_once(std::string_view name) {
    if (std::find(out_.unknown.begin(), out_.unknown.end(), name) == out_.unknown.end()) out_.unknown.push_back(name);
  }

  // ---- which tool

  /// A search may find the same tool twice; providers refuse two of one name.
  void drop_repeated_tools() {
    auto& tools = out_.tools;
    for (std::size_t i = 1; i < tools.size();) {
      const auto same = [&](const neutral::tool& other) { return other.kind.empty() && other.name == tools[i].name; };
      const auto here = tools.begin() + static_cast<std::ptrdiff_t>(i);
      if (tools[i].kind.empty() && std::any_of(tools.begin(), here, same)) tools.erase(here);
      else ++i;
    }
  }

  void read_choice(json_text choice) {
    if (choice.empty()) return;
    if (json::is_string(choice)) {
      const auto mode = json::inside(choice);
      if (mode == "auto") out_.choice = tool_mode::automatic;
      else if (mode == "none") out_.choice = tool_mode::none;
      else if (mode == "required") out_.choice = tool_mode::required;
      else out_.unknown.push_back("tool_choice");
      return;
    }
    if (json::is_text(json::find(choice, "type"), "allowed_tools")) {
      out_.choice = json::is_text(json::find(choice, "mode"), "required") ? tool_mode::required : tool_mode::automatic;
      keep_allowed(json::find(choice, "tools"));
      return;
    }
    const auto name = chosen_name(choice);
    const auto known = [&](const neutral::tool& tool) { return tool.kind.empty() && tool.name == name; };
    if (name.empty() || std::none_of(out_.tools.begin(), out_.tools.end(), known)) {
      out_.unknown.push_back("tool_choice");   // a hosted tool
      return;
    }
    out_.choice = tool_mode::named;
    out_.chosen_tool = name;
  }

  /// The function that {"type":"function","name"} or {"type":"apply_patch"} means.
  [[nodiscard]] json_text chosen_name(json_text choice) {
    if (const auto name = json::find(choice, "name"); json::is_string(name))
      return flat_name(json::find(choice, "namespace"), name, texts_);
    const auto type = json::inside(json::find(choice, "type"));
    for (const auto shape : {tool_shape::local_shell, tool_shape::shell, tool_shape::apply_patch, tool_shape::tool_search})
      if (json::inside(function_name(shape)) == type) return function_name(shape);
    return {};
  }

  /// A list of allowed tools means the same as having no others, and that every provider understands.
  void keep_allowed(json_text allowed) {
    std::vector<json_text> names;
    std::vector<std::string_view> kinds;
    json::elements walk(allowed);
    for (std::string_view entry; walk.next(entry);) {
      if (const auto name = chosen_name(entry); !name.empty()) names.push_back(name);
      else kinds.push_back(json::inside(json::find(entry, "type")));
    }
    const auto is_out = [&](const neutral::tool& tool) {
      if (tool.kind.empty()) return std::find(names.begin(), names.end(), tool.name) == names.end();
      return std::find(kinds.begin(), kinds.end(), tool.kind) == kinds.end();
    };
    out_.tools.erase(std::remove_if(out_.tools.begin(), out_.tools.end(), is_out), out_.tools.end());
  }

  neutral::arena& texts_;
  item_reader items_;
  neutral::request out_;
};

}  // namespace

result<neutral::request> read_request(std::string_view body, neutral::arena& texts) { return request_reader(texts).read(body); }

}  // namespace switchyard::providers::responses

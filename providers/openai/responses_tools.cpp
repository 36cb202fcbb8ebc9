// Tools of the responses API that are no functions but can be played by one, so that any provider's model can call them.
//
//   {"type":"custom","name","description","format":{"type":"grammar","syntax","definition"}}   -> {"input": string}
//   {"type":"local_shell"} · {"type":"shell","environment":{"type":"local"}} · {"type":"apply_patch"}
//   {"type":"tool_search","execution":"client","parameters"}
//   {"type":"namespace","name","tools":[…]}                                                    -> its tools, named space__name
//
// Whatever else has no name here runs on OpenAI's machines and is kept as a hosted tool (web_search, mcp, …).
#include "providers/openai/responses.hpp"

#include <array>
#include <cstdio>

namespace switchyard::providers::responses {

namespace {

struct shape_row {
  tool_shape shape;
  std::string_view tool, call, output;   // the types of the tool, of its calls and of their outputs
  json_text name, description, parameters;
};

constexpr std::array<shape_row, 6> shapes = {{
    {tool_shape::function, "function", "function_call", "function_call_output", {}, {}, {}},
    {tool_shape::custom, "custom", "custom_tool_call", "custom_tool_call_output", {}, {},
     R"({"type":"object","properties":{"input":{"type":"string","description":"The tool's input as plain text."}},)"
     R"("required":["input"],"additionalProperties":false})"},
    {tool_shape::local_shell, "local_shell", "local_shell_call", "local_shell_call_output", "\"local_shell\"",
     "\"Runs a command on the user's machine and returns its output.\"",
     R"({"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},)"
     R"("description":"The program and its arguments."},)"
     R"("working_directory":{"type":"string"},"timeout_ms":{"type":"integer"},)"
     R"("env":{"type":"object","additionalProperties":{"type":"string"}}},"required":["command"]})"},
    {tool_shape::shell, "shell", "shell_call", "shell_call_output", "\"shell\"",
     "\"Runs shell commands on the user's machine and returns their output.\"",
     R"({"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"}},"timeout_ms":{"type":"integer"},)"
     R"("max_output_length":{"type":"integer"}},"required":["commands"]})"},
    {tool_shape::apply_patch, "apply_patch", "apply_patch_call", "apply_patch_call_output", "\"apply_patch\"",
     "\"Creates, changes or deletes one file. `diff` is in the V4A format: lines that begin with a blank, + or -, after @@ anchors.\"",
     R"({"type":"object","properties":{"operation":{"type":"object","properties":{"type":{"type":"string",)"
     R"("enum":["create_file","update_file","delete_file"]},"path":{"type":"string"},"diff":{"type":"string"}},)"
     R"("required":["type","path"]}},"required":["operation"]})"},
    {tool_shape::tool_search, "tool_search", "tool_search_call", "tool_search_output", "\"tool_search\"",
     "\"Searches for further tools.\"",
     R"({"type":"object","properties":{"query":{"type":"string"}},"required":["query"]})"},
}};

[[nodiscard]] const shape_row& row_of(tool_shape shape) noexcept { return shapes[static_cast<std::size_t>(shape)]; }

/// Where a tool runs decides whether a function can play it.
[[nodiscard]] bool runs_at_the_client(const shape_row& row, json_text tool) noexcept {
  if (row.shape == tool_shape::tool_search) return json::is_text(json::find(tool, "execution"), "client");
  if (row.shape != tool_shape::shell) return true;
  const auto environment = json::find(tool, "environment");
  return !json::is_object(environment) || json::is_text(json::find(environment, "type"), "local");
}

[[nodiscard]] const shape_row* row_of_tool(json_text tool, std::string_view type) noexcept {
  for (const auto& row : shapes)
    if (row.tool == type) return runs_at_the_client(row, tool) ? &row : nullptr;
  return nullptr;
}

[[nodiscard]] json_text given(json_text value) noexcept { return json::is_null(value) ? json_text{} : value; }

/// A free-text tool's description says what the text must look like, where the client gave a grammar.
[[nodiscard]] json_text describe_custom(json_text tool, neutral::arena& texts) {
  const auto description = json::find(tool, "description");
  const auto format = json::find(tool, "format");
  std::string out = "\"";
  out += json::inside(description);
  if (!json::inside(description).empty()) out += "\\n\\n";
  out += "Pass the text as the string `input`.";
  if (const auto definition = json::inside(json::find(format, "definition")); !definition.empty()) {
    out += " It must match this ";
    out += json::inside(json::find(format, "syntax"));
    out += " grammar:\\n";
    out += definition;
  }
  out += '"';
  return texts.keep(std::move(out));
}

[[nodiscard]] neutral::tool as_function(const shape_row& row, json_text tool, json_text space, neutral::arena& texts) {
  neutral::tool out;
  out.name = row.name.empty() ? flat_name(space, given(json::find(tool, "name")), texts) : row.name;
  out.description = given(json::find(tool, "description"));
  out.parameters = row.parameters;
  if (row.shape == tool_shape::function || row.shape == tool_shape::tool_search)
    if (const auto own = given(json::find(tool, "parameters")); !own.empty()) out.parameters = own;
  if (row.shape == tool_shape::function) out.strict = given(json::find(tool, "strict"));
  if (row.shape == tool_shape::custom) out.description = describe_custom(tool, texts);
  if (out.description.empty()) out.description = row.description;
  if (row.shape != tool_shape::function) out.stands_for = tool;
  return out;
}

void read_tool(json_text tool, json_text space, std::vector<neutral::tool>& out, neutral::arena& texts) {
  const auto type = json::inside(json::find(tool, "type"));
  if (const auto* row = row_of_tool(tool, type)) {
    out.push_back(as_function(*row, tool, space, texts));
    return;
  }
  neutral::tool hosted;
  hosted.name = given(json::find(tool, "name"));
  hosted.original = tool;
  hosted.kind = type.empty() ? std::string_view("unknown") : type;
  out.push_back(hosted);
}

/// FNV-1a: keeps names apart that are cut.
[[nodiscard]] std::uint32_t hash_of(std::string_view a, std::string_view b) noexcept {
  std::uint32_t hash = 2166136261u;
  for (const auto part : {a, b})
    for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace

std::string_view call_type(tool_shape shape) noexcept { return row_of(shape).call; }
std::string_view output_type(tool_shape shape) noexcept { return row_of(shape).output; }
json_text function_name(tool_shape shape) noexcept { return row_of(shape).name; }

std::optional<tool_shape> shape_of_call(std::string_view item_type) noexcept {
  for (const auto& row : shapes)
    if (row.call == item_type) return row.shape;
  return std::nullopt;
}

std::optional<tool_shape> shape_of_output(std::string_view item_type) noexcept {
  for (const auto& row : shapes)
    if (row.output == item_type) return row.shape;
  return std::nullopt;
}

void read_tools(json_text tools, std::vector<neutral::tool>& out, neutral::arena& texts) {
  json::elements walk(tools);
  for (std::string_view tool; walk.next(tool);) {
    if (!json::is_text(json::find(tool, "type"), "namespace")) {
      read_tool(tool, {}, out, texts);
      continue;
    }
    const auto first = out.size();
    json::elements inner(json::find(tool, "tools"));
    for (std::string_view each; inner.next(each);) read_tool(each, json::find(tool, "name"), out, texts);
    for (auto i = first; i < out.size(); ++i)
      if (out[i].kind.empty()) out[i].stands_for = tool;
  }
}

json_text flat_name(json_text space, json_text name, neutral::arena& texts) {
  constexpr std::size_t longest = 64;   // what OpenAI, Anthropic, Gemini and Bedrock all take
  const auto group = json::inside(space);
  const auto own = json::inside(name);
  if (group.empty()) return name;
  std::string out = "\"";
  out += group;
  out += group.ends_with("__") ? "" : "__";
  out += own;
  if (out.size() > longest + 1) {
    char digits[12];
    const int length = std::snprintf(digits, sizeof digits, "_%08x", hash_of(group, own));
    out.resize(longest + 1 - static_cast<std::size_t>(length));
    out.append(digits, static_cast<std::size_t>(length));
  }
  out += '"';
  return texts.keep(std::move(out));
}

client_tool find_client_tool(const neutral::request* asked, json_text name, neutral::arena& texts) {
  client_tool out{tool_shape::function, name, {}};
  if (asked == nullptr) return out;
  for (const auto& tool : asked->tools) {
    if (tool.name != name || tool.stands_for.empty()) continue;
    json_text original = tool.stands_for;
    if (json::is_text(json::find(original, "type"), "namespace")) {
      const auto space = json::find(original, "name");
      json::elements inner(json::find(original, "tools"));
      for (std::string_view each; inner.next(each);) {
        const auto* row = row_of_tool(each, json::inside(json::find(each, "type")));
        const auto own = json::find(each, "name");
        if (row == nullptr || (row->name.empty() ? flat_name(space, own, texts) : row->name) != name) continue;
        return {row->shape, own.empty() ? name : own, space};
      }
      continue;
    }
    if (const auto* row = row_of_tool(original, json::inside(json::find(original, "type")))) out.shape = row->shape;
    return out;
  }
  return out;
}

}  // namespace switchyard::providers::responses

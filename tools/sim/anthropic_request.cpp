// The request apart from its messages: limits, tools, thinking, output format.
#include "tools/sim/anthropic_request.hpp"

#include "tools/sim/anthropic.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <array>
#include <set>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

using refusal = std::optional<reply>;

constexpr std::int64_t least_thinking = 1024;   // tokens
constexpr int most_cache_marks = 4;

// Tools of Anthropic's own, by the name before their date.
constexpr std::array<std::string_view, 12> built_in_tools = {"bash_", "text_editor_", "computer_", "memory_", "web_search_", "web_fetch_",
                                                             "code_execution_", "tool_search_tool_", "advisor_", "mcp_toolset", "browser_toolset_", "computer_toolset_"};

std::string at(std::string_view list, std::size_t index, std::string_view rest = {}) {
  return std::string(list) + "." + std::to_string(index) + std::string(rest);
}

refusal read_range(const json::object& body, std::string_view key, double least, double most) {
  const json::value* v = field_of(body, key);
  if (!v) return std::nullopt;
  if (!v->is_number()) return anthropic_refusal(std::string(key) + ": Input should be a valid number");
  const double n = v->to_number<double>();
  if (n > most) return anthropic_refusal(std::string(key) + ": Input should be less than or equal to " + std::to_string(static_cast<int>(most)));
  if (n < least) return anthropic_refusal(std::string(key) + ": Input should be greater than or equal to " + std::to_string(static_cast<int>(least)));
  return std::nullopt;
}

refusal read_limits(const json::object& body, bool counting, conversation& into) {
  const json::value* most = field_of(body, "max_tokens");
  if (!most && !counting) return anthropic_refusal("max_tokens: Field required");
  if (most) {
    const auto n = integer_of(*most);
    if (!n) return anthropic_refusal("max_tokens: Input should be a valid integer");
    if (*n < 1) return anthropic_refusal("max_tokens: Input should be greater than or equal to 1");
    into.max_tokens = static_cast<std::size_t>(*n);
  }
  if (auto refused = read_range(body, "temperature", 0, 1)) return refused;
  if (auto refused = read_range(body, "top_p", 0, 1)) return refused;
  if (auto refused = read_range(body, "top_k", 0, 1e9)) return refused;
  if (const json::value* stream = field_of(body, "stream")) {
    if (!stream->is_bool()) return anthropic_refusal("stream: Input should be a valid boolean");
    into.stream = stream->get_bool();
  }
  if (const json::value* stops = field_of(body, "stop_sequences")) {
    if (!stops->is_array()) return anthropic_refusal("stop_sequences: Input should be a valid list");
    for (const json::value& stop : stops->get_array()) {
      if (!stop.is_string()) return anthropic_refusal(at("stop_sequences", into.stop.size(), ": Input should be a valid string"));
      if (is_blank(stop.get_string())) return anthropic_refusal("stop_sequences: each stop sequence must contain non-whitespace");
      into.stop.emplace_back(stop.get_string());
    }
  }
  if (const json::value* metadata = field_of(body, "metadata")) {
    if (!metadata->is_object()) return anthropic_refusal("metadata: Input should be a valid dictionary or object to extract fields from");
    if (const auto extra = unknown_key(metadata->get_object(), {"user_id"}); !extra.empty()) return anthropic_refusal("metadata." + std::string(extra) + ": Extra inputs are not permitted");
    if (const json::value* user = field_of(metadata->get_object(), "user_id"); user && !user->is_string()) return anthropic_refusal("metadata.user_id: Input should be a valid string");
  }
  if (const json::value* tier = field_of(body, "service_tier")) {
    if (!tier->is_string() || !is_one_of(tier->get_string(), {"auto", "standard_only"})) return anthropic_refusal("service_tier: Input should be 'auto' or 'standard_only'");
  }
  return std::nullopt;
}

refusal read_own_tool(const json::object& entry, std::size_t index, conversation& into) {
  const std::string where = at("tools", index, ".custom.");
  if (const auto extra = unknown_key(entry, {"type", "name", "description", "input_schema", "cache_control", "strict", "defer_loading", "allowed_callers", "input_examples", "eager_input_streaming"}); !extra.empty()) {
    return anthropic_refusal(where + std::string(extra) + ": Extra inputs are not permitted");
  }
  const json::value* name = field_of(entry, "name");
  if (!name) return anthropic_refusal(where + "name: Field required");
  if (!name->is_string() || !is_name(name->get_string(), "_-", 128)) return anthropic_refusal(where + "name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
  if (const json::value* said = field_of(entry, "description"); said && !said->is_string()) return anthropic_refusal(where + "description: Input should be a valid string");
  const json::value* schema = field_of(entry, "input_schema");
  if (!schema) return anthropic_refusal(where + "input_schema: Field required");
  if (!schema->is_object()) return anthropic_refusal(where + "input_schema: Input should be a valid dictionary");
  if (!schema->get_object().contains("type")) return anthropic_refusal(where + "input_schema.type: Field required");
  if (text_of(schema->get_object(), "type") != "object") return anthropic_refusal(where + "input_schema.type: Input should be 'object'");
  into.tools.push_back({std::string(name->get_string()), *schema});
  return std::nullopt;
}

refusal read_tools(const json::object& body, conversation& into, int& marks) {
  const json::value* tools = field_of(body, "tools");
  if (!tools) return std::nullopt;
  if (!tools->is_array()) return anthropic_refusal("tools: Input should be a valid list");
  std::set<std::string, std::less<>> names;
  std::size_t index = 0;
  for (const json::value& entry : tools->get_array()) {
    const json::object* object = entry.if_object();
    if (!object) return anthropic_refusal(at("tools", index, ": Input should be a valid dictionary or object to extract fields from"));
    const std::string_view type = text_of(*object, "type");
    if (type.empty() || type == "custom") {
      if (auto refused = read_own_tool(*object, index, into)) return refused;
    } else {
      bool known = false;
      for (const std::string_view prefix : built_in_tools) known = known || type.starts_with(prefix);
      if (!known) return anthropic_refusal(at("tools", index, ": Input tag '") + std::string(type) + "' found using 'type' does not match any of the expected tags: 'custom', 'bash_20250124', 'text_editor_20250728', 'web_search_20250305'");
      // The caller runs these itself, like its own; the rest runs at Anthropic's and is never called here.
      for (const std::string_view prefix : {"bash_", "text_editor_", "computer_", "memory_"}) {
        if (type.starts_with(prefix)) into.tools.push_back({std::string(text_of(*object, "name")), {}});
      }
    }
    if (const std::string_view name = text_of(*object, "name"); !name.empty() && !names.emplace(name).second) return anthropic_refusal("tools: Tool names must be unique.");
    into.input.add(count_tokens(json::serialize(*object)));
    const int before = marks;
    if (auto refused = read_cache_control(*object, at("tools", index), marks)) return refused;
    if (marks > before) into.input.mark();
    ++index;
  }
  return std::nullopt;
}

refusal read_choice(const json::object& body, conversation& into) {
  const json::value* choice = field_of(body, "tool_choice");
  if (!choice) return std::nullopt;
  const json::object* object = choice->if_object();
  if (!object) return anthropic_refusal("tool_choice: Input should be a valid dictionary or object to extract fields from");
  const std::string_view type = text_of(*object, "type");
  if (!is_one_of(type, {"auto", "any", "tool", "none"})) {
    return anthropic_refusal("tool_choice: Input tag '" + std::string(type) + "' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'");
  }
  const std::string where = "tool_choice." + std::string(type) + ".";
  const std::string_view extra = type == "tool"   ? unknown_key(*object, {"type", "name", "disable_parallel_tool_use"})
                                 : type == "none" ? unknown_key(*object, {"type"})
                                                  : unknown_key(*object, {"type", "disable_parallel_tool_use"});
  if (!extra.empty()) return anthropic_refusal(where + std::string(extra) + ": Extra inputs are not permitted");
  const json::array* tools = array_of(body, "tools");
  if (!tools || tools->empty()) return anthropic_refusal("tool_choice: tool_choice may only be specified while providing tools.");
  into.parallel_calls = !flag_of(*object, "disable_parallel_tool_use", false);
  if (type == "none") into.choice = tool_choice::none;
  if (type == "any") into.choice = tool_choice::required;
  if (type != "tool") return std::nullopt;
  into.choice = tool_choice::named;
  into.chosen_tools = {std::string(text_of(*object, "name"))};
  if (into.chosen_tools.front().empty()) return anthropic_refusal(where + "name: Field required");
  for (const json::value& entry : *tools) {
    if (entry.is_object() && text_of(entry.get_object(), "name") == into.chosen_tools.front()) return std::nullopt;
  }
  return anthropic_refusal("Tool '" + into.chosen_tools.front() + "' not found in provided tools");
}

refusal read_thinking(const json::object& body, conversation& into) {
  const json::value* thinking = field_of(body, "thinking");
  if (!thinking) return std::nullopt;
  const json::object* object = thinking->if_object();
  const std::string_view type = object ? text_of(*object, "type") : std::string_view();
  if (!is_one_of(type, {"enabled", "disabled", "adaptive"})) {
    return anthropic_refusal("thinking: Input tag '" + std::string(type) + "' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'");
  }
  if (type == "disabled") return std::nullopt;
  into.thinking = true;
  if (type == "adaptive") return std::nullopt;   // the model may as well not think: nothing is ruled out
  const json::value* budget = field_of(*object, "budget_tokens");
  if (!budget) return anthropic_refusal("thinking.enabled.budget_tokens: Field required");
  const auto n = integer_of(*budget);
  if (!n) return anthropic_refusal("thinking.enabled.budget_tokens: Input should be a valid integer");
  if (*n < least_thinking) return anthropic_refusal("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
  if (into.max_tokens && static_cast<std::size_t>(*n) >= *into.max_tokens) {
    return anthropic_refusal("`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size");
  }
  if (const json::value* temperature = field_of(body, "temperature"); temperature && temperature->to_number<double>() != 1) {
    return anthropic_refusal("`temperature` may only be set to 1 when thinking is enabled.");
  }
  if (field_of(body, "top_k")) return anthropic_refusal("`top_k` must be unset when thinking is enabled.");
  if (into.choice == tool_choice::required || into.choice == tool_choice::named) return anthropic_refusal("Thinking may not be enabled when tool_choice forces tool use.");
  return std::nullopt;
}

/// output_config.format, or its elder output_format.
refusal read_format(const json::object& body, conversation& into) {
  std::string where = "output_format";
  const json::object* format = object_of(body, "output_format");
  if (const json::object* config = object_of(body, "output_config")) {
    where = "output_config.format";
    format = object_of(*config, "format");
    if (const auto extra = unknown_key(*config, {"format", "effort", "task_budget"}); !extra.empty()) return anthropic_refusal("output_config." + std::string(extra) + ": Extra inputs are not permitted");
    if (const json::value* effort = field_of(*config, "effort"); effort && (!effort->is_string() || !is_one_of(effort->get_string(), {"low", "medium", "high", "xhigh", "max"}))) {
      return anthropic_refusal("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'");
    }
  }
  if (!format) return std::nullopt;
  if (text_of(*format, "type") != "json_schema") return anthropic_refusal(where + ".type: Input should be 'json_schema'");
  const json::object* schema = object_of(*format, "schema");
  if (!schema) return anthropic_refusal(where + ".schema: Field required");
  into.shape = output_shape::json_schema;
  into.schema = *schema;
  return std::nullopt;
}

parsed<conversation> read(const call& asked, bool counting) {
  boost::system::error_code failed;
  const json::value parsed_body = json::parse(json::string_view(asked.body.data(), asked.body.size()), failed);
  if (failed || !parsed_body.is_object()) return anthropic_refusal("The request body is not valid JSON.");
  const json::object& body = parsed_body.get_object();
  if (const auto extra = unknown_key(body, {"model", "messages", "system", "max_tokens", "metadata", "stop_sequences", "stream", "temperature", "top_p", "top_k", "tools",
                                            "tool_choice", "thinking", "service_tier", "container", "mcp_servers", "context_management", "output_config", "output_format",
                                            "cache_control", "inference_geo", "speed", "betas", "diagnostics", "user_profile_id", "workspace_id",
                                            "billing_policy", "compaction", "fallback_credit_token", "fallbacks", "thread"}); !extra.empty()) {
    return anthropic_refusal(std::string(extra) + ": Extra inputs are not permitted");
  }
  conversation into;
  into.model = text_of(body, "model");
  if (!body.contains("model")) return anthropic_refusal("model: Field required");
  if (into.model.empty()) return anthropic_refusal("model: String should have at least 1 character");
  if (auto refused = read_limits(body, counting, into)) return std::move(*refused);
  int marks = 0;
  if (auto refused = read_tools(body, into, marks)) return std::move(*refused);
  if (auto refused = read_choice(body, into)) return std::move(*refused);
  if (auto refused = read_thinking(body, into)) return std::move(*refused);
  if (auto refused = read_format(body, into)) return std::move(*refused);
  if (auto refused = read_anthropic_prompt(body, into, marks)) return std::move(*refused);
  if (auto refused = read_cache_control(body, "", marks)) return std::move(*refused);
  if (body.contains("cache_control")) into.input.mark();
  return into;
}

}  // namespace

refusal read_cache_control(const json::object& on, const std::string& where, int& marks) {
  const json::value* control = field_of(on, "cache_control");
  if (!control) return std::nullopt;
  const std::string path = (where.empty() ? "" : where + ".") + "cache_control";
  const json::object* object = control->if_object();
  if (!object) return anthropic_refusal(path + ": Input should be a valid dictionary or object to extract fields from");
  if (text_of(*object, "type") != "ephemeral") return anthropic_refusal(path + ".type: Input should be 'ephemeral'");
  if (const json::value* ttl = field_of(*object, "ttl"); ttl && (!ttl->is_string() || !is_one_of(ttl->get_string(), {"5m", "1h"}))) return anthropic_refusal(path + ".ttl: Input should be '5m' or '1h'");
  if (const auto extra = unknown_key(*object, {"type", "ttl", "scope"}); !extra.empty()) return anthropic_refusal(path + "." + std::string(extra) + ": Extra inputs are not permitted");
  if (++marks > most_cache_marks) return anthropic_refusal("A maximum of 4 blocks with cache_control may be provided. Found " + std::to_string(marks) + ".");
  return std::nullopt;
}

parsed<conversation> read_messages(const call& asked) { return read(asked, false); }
parsed<conversation> read_count(const call& asked) { return read(asked, true); }

}  // namespace switchyard::sim

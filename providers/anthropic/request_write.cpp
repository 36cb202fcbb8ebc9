// A neutral request as a messages request. What Anthropic cannot be told goes to `dropped`, by the client's names.
#include "providers/anthropic/blocks.hpp"
#include "providers/anthropic/messages.hpp"
#include "providers/anthropic/model_facts.hpp"
#include "providers/anthropic/thinking.hpp"
#include "providers/anthropic/turns.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::providers::anthropic {

namespace {

using neutral::setting;
using neutral::tool_mode;

[[nodiscard]] double as_number(std::string_view value) noexcept {
  double number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

[[nodiscard]] error refused(std::string_view name, std::string what) {
  return client_error(error_code::invalid_request, std::move(what), std::string(name));
}

class writer {
 public:
  writer(const neutral::request& what, const write_target& where, std::string& out, neutral::dropped_fields& dropped)
      : what_(what), where_(where), facts_(where.model), out_(out), dropped_(dropped) {}

  [[nodiscard]] outcome write() {
    for (const auto name : what_.unknown) dropped_.add(name);
    if (auto problem = refuse_unanswerable(what_, answers_per_request::one)) return *std::move(problem);
    const conversation said = arrange(what_, dropped_);
    if (said.turns.empty() && said.system.empty()) return refused("messages", "messages: at least one must say something");
    std::int64_t max_tokens = facts_.default_max_tokens();
    if (what_.max_output_tokens) {
      const auto given = json::as_count(what_.max_output_tokens.value);
      if (!given || *given == 0)
        return refused(what_.max_output_tokens.name, std::string(what_.max_output_tokens.name) + ": expected an integer, at least 1");
      max_tokens = *given;
    }
    const auto thinking = plan_thinking(what_, facts_, max_tokens, said.ends_in_unproven_turn(), dropped_);

    out_.begin_object();
    out_.text("model", where_.model);
    out_.number("max_tokens", max_tokens);
    if (what_.stream) out_.boolean("stream", true);
    write_system(said.system);
    write_turns(said.turns);
    write_tools();
    write_thinking(thinking, out_);
    write_output_config(thinking);
    write_sampling(thinking.constrains_sampling());
    write_stop();
    write_rest();
    out_.end_object();
    drop_rest();
    return done{};
  }

 private:
  void write_system(const std::vector<placed_part>& system) {
    if (system.empty()) return;
    out_.key("system");
    const auto& first = *system.front().part;
    if (system.size() == 1 && first.cache_control.empty() && !system.front().cached) return out_.raw(first.text);
    write_parts(system, false);
  }

  void write_turns(const std::vector<turn>& turns) {
    out_.key("messages");
    out_.begin_array();
    if (turns.empty()) out_.raw(R"({"role":"user","content":"Continue."})");
    for (const auto& turn : turns) {
      out_.begin_object();
      out_.text("role", turn.assistant ? "assistant" : "user");
      out_.key("content");
      const auto& first = *turn.parts.front().part;
      const bool ends_prompt = turn.assistant && &turn == &turns.back();
      const bool plain = turn.parts.size() == 1 && first.kind == neutral::part_kind::text && first.cache_control.empty() &&
                         first.citations.empty() && !turn.parts.front().cached && !ends_prompt;
      if (plain) out_.raw(first.text);
      else write_parts(turn.parts, ends_prompt);
      out_.end_object();
    }
    out_.end_array();
  }

  void write_parts(const std::vector<placed_part>& parts, bool ends_prompt) {
    out_.begin_array();
    for (const auto& p : parts) write_block(*p.part, {.cached = p.cached, .ends_prompt = ends_prompt && &p == &parts.back()}, out_);
    out_.end_array();
  }

  /// With a list of allowed tools, the others are not offered: that is all Anthropic can be told.
  [[nodiscard]] bool is_offered(const neutral::tool& tool) const {
    if (!json::is_array(what_.chosen_tool)) return true;
    json::elements walk(what_.chosen_tool);
    for (std::string_view name; walk.next(name);)
      if (name == tool.name) return true;
    return false;
  }

  void write_tools() {
    bool any = false;
    for (const auto& tool : what_.tools) {
      if (!tool.kind.empty() && !is_own_tool(tool)) {
        dropped_.add("tools." + std::string(tool.kind));
        continue;
      }
      if (!is_offered(tool)) continue;
      if (!any) out_.key("tools"), out_.begin_array();
      any = true;
      tool.kind.empty() ? write_function(tool) : out_.raw(tool.original);
    }
    if (!any) return;
    out_.end_array();
    write_tool_choice();
  }

  /// Anthropic's hosted tools end in a date, or connect a server.
  [[nodiscard]] static bool is_own_tool(const neutral::tool& tool) noexcept {
    const auto type = json::inside(json::find(tool.original, "type"));
    return type == "mcp_toolset" || (type.starts_with(tool.kind) && type.size() == tool.kind.size() + 9 && type[tool.kind.size()] == '_');
  }

  void write_function(const neutral::tool& tool) {
    out_.begin_object();
    out_.raw("name", tool.name);
    out_.raw_if("description", tool.description);
    out_.key("input_schema");
    if (!json::is_object(tool.parameters) || !json::has_entries(tool.parameters)) {
      out_.raw(R"({"type":"object","properties":{}})");
    } else if (json::find(tool.parameters, "type").empty()) {
      out_.place();
      out_.str().append(R"({"type":"object",)").append(tool.parameters.substr(1));
      out_.placed();
    } else {
      out_.raw(tool.parameters);
    }
    if (tool.strict == "true") {
      if (facts_.takes_schemas()) out_.boolean("strict", true);
      else dropped_.add("tools.strict");
    }
    out_.raw_if("cache_control", tool.cache_control);
    out_.end_object();
  }

  void write_tool_choice() {
    const bool alone = what_.parallel_tool_calls == false;
    if (what_.choice == tool_mode::unset && !alone) return;
    out_.key("tool_choice");
    out_.begin_object();
    const bool none = what_.choice == tool_mode::none;
    const bool named = what_.choice == tool_mode::named && json::has_text(what_.chosen_tool);
    out_.text("type", none ? "none" : named ? "tool" : what_.choice == tool_mode::required ? "any" : "auto");
    if (named) out_.raw("name", what_.chosen_tool);
    if (alone && !none) out_.boolean("disable_parallel_tool_use", true);
    out_.end_object();
  }

  void write_output_config(const thinking_plan& thinking) {
    const bool wants_schema = what_.format.shape == neutral::output_shape::json_schema && json::is_object(what_.format.schema);
    const bool has_schema = wants_schema && facts_.takes_schemas();
    if (what_.format.shape != neutral::output_shape::text && !has_schema) dropped_.add("response_format");
    if (!has_schema && thinking.effort.empty()) return;
    out_.key("output_config");
    out_.begin_object();
    if (!thinking.effort.empty()) out_.text("effort", thinking.effort);
    if (has_schema) {
      out_.key("format");
      out_.begin_object();
      out_.text("type", "json_schema");
      out_.raw("schema", what_.format.schema);
      out_.end_object();
    }
    out_.end_object();
  }

  /// While it thinks, and in its newest models, Anthropic allows no sampling but its own.
  void write_sampling(bool thinking) {
    const bool open = facts_.takes_sampling() && !thinking;
    const auto& temperature = what_.temperature;
    if (temperature) {
      const double value = as_number(temperature.value);
      if (value > 1 || (!open && value != 1)) dropped_.add(temperature.name);
      if (open) out_.raw("temperature", value > 1 ? "1" : value < 0 ? "0" : temperature.value);
    }
    if (what_.top_p && as_number(what_.top_p.value) != 1) {
      if (open && (!temperature || facts_.takes_both_samplings())) out_.raw("top_p", what_.top_p.value);
      else dropped_.add(what_.top_p.name);
    }
    if (what_.top_k) {
      if (open) out_.raw("top_k", what_.top_k.value);
      else dropped_.add(what_.top_k.name);
    }
  }

  /// Sequences of white space alone are refused.
  void write_stop() {
    bool any = false;
    json::elements walk(what_.stop.value);
    for (std::string_view sequence; walk.next(sequence);) {
      if (is_blank(sequence)) {
        dropped_.add(what_.stop.name);
        continue;
      }
      if (!any) out_.key("stop_sequences"), out_.begin_array();
      any = true;
      out_.raw(sequence);
    }
    if (any) out_.end_array();
  }

  void write_rest() {
    if (json::has_text(what_.user.value)) {
      out_.key("metadata");
      out_.begin_object();
      out_.raw("user_id", what_.user.value);
      out_.end_object();
    }
    if (const auto tier = json::inside(what_.service_tier.value); tier == "auto" || tier == "standard_only")
      out_.raw("service_tier", what_.service_tier.value);
    else if (tier == "default")
      out_.text("service_tier", "standard_only");
    else
      dropped_.add_if(what_.service_tier);
  }

  /// A setting that asks for what happens anyway is not missed.
  void drop_unless(const setting& what, std::string_view harmless) {
    if (what && what.value != harmless) dropped_.add(what.name);
  }

  void drop_rest() {
    for (const auto* penalty : {&what_.frequency_penalty, &what_.presence_penalty})
      if (*penalty && as_number(penalty->value) != 0) dropped_.add(penalty->name);
    drop_unless(what_.logprobs, "false");
    drop_unless(what_.store, "false");
    drop_unless(what_.modalities, R"(["text"])");
    for (const auto* never : {&what_.seed, &what_.top_logprobs, &what_.logit_bias, &what_.metadata, &what_.verbosity, &what_.prediction,
                              &what_.audio, &what_.safety_settings, &what_.cached_content, &what_.guardrail, &what_.performance})
      dropped_.add_if(*never);
  }

  const neutral::request& what_;
  const write_target& where_;
  model_facts facts_;
  json::out out_;
  neutral::dropped_fields& dropped_;
};

}  // namespace

outcome write_messages_request(const neutral::request& what, const write_target& where, std::string& out,
                               neutral::dropped_fields& dropped) {
  return writer(what, where, out, dropped).write();
}

}  // namespace switchyard::providers::anthropic

// Writing a translated request as a chat completions body. Where the target is not OpenAI itself, config/presets.cpp says what differs:
//
//   neutral                 OpenAI, Azure                 others of the family
//   max_output_tokens       max_completion_tokens         max_tokens
//   reasoning               reasoning_effort              reasoning_effort; OpenRouter: reasoning {effort | max_tokens, exclude}
//   allowed tools           tool_choice allowed_tools     only those tools are listed
//   store, metadata, prediction, verbosity, custom tools, …   as they are     dropped
#include "config/presets.hpp"
#include "providers/openai/chat.hpp"

#include <algorithm>

namespace switchyard::providers::chat {

using neutral::json_text;
using neutral::tool_mode;

namespace {

/// How much thinking a budget of tokens stands for where only words are known: between Google's own figures for low (1,024), medium
/// (8,192) and high (24,576).
[[nodiscard]] json_text effort_of(std::int64_t budget) noexcept {
  return budget <= 4'096 ? "\"low\"" : budget <= 16'384 ? "\"medium\"" : "\"high\"";
}

class request_writer {
 public:
  request_writer(const neutral::request& what, const write_target& where, json::out& out, neutral::dropped_fields& dropped)
      : what_(what), where_(where), rules_(config::family_row(where.provider)), out_(out), dropped_(dropped) {}

  void write() {
    for (const auto name : what_.unknown) dropped_.add(name);
    out_.begin_object();
    out_.text("model", where_.model);
    out_.key("messages");
    write_messages(what_, where_, out_, dropped_);
    write_tools();
    write_format();
    write_reasoning();
    write_settings();
    if (what_.stream) {
      out_.boolean("stream", true);
      if (rules_.takes_stream_options) out_.raw("stream_options", R"({"include_usage":true})");
    }
    out_.end_object();
  }

 private:
  void put(std::string_view name, const neutral::setting& what) { out_.raw_if(name, what.value); }
  void put_if(bool can, std::string_view name, const neutral::setting& what) {
    if (can)
      put(name, what);
    else
      dropped_.add_if(what);
  }

  void write_settings() {
    const bool original = rules_.original;
    const bool router = rules_.name == "openrouter";
    const bool lenient = !rules_.penalties_only;
    put(original ? "max_completion_tokens" : "max_tokens", what_.max_output_tokens);
    put("temperature", what_.temperature);
    put("top_p", what_.top_p);
    put_if(rules_.takes_top_k, "top_k", what_.top_k);
    write_stop();
    put(lenient ? "seed" : "random_seed", what_.seed);
    put("n", what_.choices);
    put("frequency_penalty", what_.frequency_penalty);
    put("presence_penalty", what_.presence_penalty);
    if (lenient || what_.logprobs.value != "false") put_if(lenient, "logprobs", what_.logprobs);
    put_if(lenient, "top_logprobs", what_.top_logprobs);
    put_if(lenient, "logit_bias", what_.logit_bias);
    put_if(lenient, "user", what_.user);
    const bool stored = original && what_.store.value == "true";
    put_if(stored, "metadata", what_.metadata);                             // refused without store
    if (original || what_.store.value != "false") put_if(original, "store", what_.store);   // others store nothing anyway
    write_service_tier();
    put_if(original || router, "verbosity", what_.verbosity);
    put_if(original, "prediction", what_.prediction);
    put_if(original || router, "modalities", what_.modalities);
    put_if(original || router, "audio", what_.audio);
    for (const auto* other : {&what_.safety_settings, &what_.cached_content, &what_.guardrail, &what_.performance}) dropped_.add_if(*other);
  }

  void write_stop() {
    constexpr int most = 4;   // OpenAI refuses a fifth
    if (!what_.stop) return;
    int count = 0;
    out_.key("stop"), out_.begin_array();
    json::elements walk(what_.stop.value);
    for (std::string_view entry; walk.next(entry);) {
      if (++count <= most || !rules_.original)
        out_.raw(entry);
      else
        dropped_.add_if(what_.stop);
    }
    out_.end_array();
  }

  void write_service_tier() {
    const auto& tier = what_.service_tier;
    if (!tier) return;
    const bool groq = rules_.name == "groq" && (tier.value == "\"on_demand\"" || tier.value == "\"performance\"" || tier.value == "\"flex\"");
    auto known = rules_.original ? known_service_tier(tier.value) : groq ? tier.value : json_text{};
    if (rules_.original && tier.value == "\"standard_only\"") known = "\"default\"";   // Anthropic's word
    if (!known.empty())
      out_.raw("service_tier", known);
    else if (tier.value != "\"auto\"" && tier.value != "\"default\"")   // what happens anyway
      dropped_.add_if(tier);
  }

  [[nodiscard]] bool restricted() const noexcept { return json::is_array(what_.chosen_tool); }
  [[nodiscard]] bool allowed(json_text name) const noexcept {
    json::elements walk(what_.chosen_tool);
    for (std::string_view entry; walk.next(entry);)
      if (entry == name) return true;
    return false;
  }

  void write_tools() {
    std::size_t count = 0;
    for (const auto& tool : what_.tools) {
      const bool custom = rules_.original && is_custom(tool);
      if (!tool.kind.empty() && !custom) {
        dropped_.add("tools." + std::string(tool.kind));
        continue;
      }
      if (restricted() && !rules_.original && !allowed(tool.name)) continue;
      if (count++ == 0) out_.key("tools"), out_.begin_array();
      if (!tool.cache_control.empty() && !rules_.takes_cache_control) dropped_.add("tools.cache_control");
      if (custom)
        write_custom(tool);
      else
        write_function(tool);
    }
    if (count == 0) return;   // a choice without tools is refused
    out_.end_array();
    write_choice();
    if (what_.parallel_tool_calls) out_.boolean("parallel_tool_calls", *what_.parallel_tool_calls);
  }

  void write_function(const neutral::tool& tool) {
    out_.begin_object();
    out_.raw("type", "\"function\"");
    out_.key("function"), out_.begin_object();
    out_.raw("name", tool.name);
    out_.raw_if("description", tool.description);
    out_.raw("parameters", tool.parameters.empty() ? json_text(R"({"type":"object","properties":{}})") : tool.parameters);
    out_.raw_if("strict", tool.strict);
    out_.end_object();
    if (rules_.takes_cache_control) out_.raw_if("cache_control", tool.cache_control);
    out_.end_object();
  }

  /// Chat nests what the responses API has flat.
  void write_custom(const neutral::tool& tool) {
    if (json::is_object(json::find(tool.original, "custom"))) return out_.raw(tool.original);
    out_.begin_object();
    out_.raw("type", "\"custom\"");
    out_.key("custom"), out_.begin_object();
    out_.raw("name", tool.name);
    out_.raw_if("description", tool.description);
    const auto format = json::find(tool.original, "format");
    if (json::is_text(json::find(format, "type"), "grammar") && !json::is_object(json::find(format, "grammar"))) {
      out_.key("format"), out_.begin_object();
      out_.raw("type", "\"grammar\"");
      out_.key("grammar"), out_.begin_object();
      out_.raw_if("definition", json::find(format, "definition"));
      out_.raw_if("syntax", json::find(format, "syntax"));
      out_.end_object(), out_.end_object();
    } else {
      out_.raw_if("format", format);
    }
    out_.end_object(), out_.end_object();
  }

  /// In this format's own form or that of responses: other formats' hosted tools may be called anything.
  [[nodiscard]] static bool is_custom(const neutral::tool& tool) noexcept {
    return tool.kind == "custom" && json::has_text(tool.name) && json::is_text(json::find(tool.original, "type"), "custom");
  }
  [[nodiscard]] bool is_custom(json_text name) const noexcept {
    return std::any_of(what_.tools.begin(), what_.tools.end(), [&](const auto& tool) { return is_custom(tool) && tool.name == name; });
  }
  /// Was it written? A hosted tool was not.
  [[nodiscard]] bool is_listed(json_text name) const noexcept {
    return std::any_of(what_.tools.begin(), what_.tools.end(), [&](const auto& tool) {
      return tool.name == name && (tool.kind.empty() || (rules_.original && is_custom(tool)));
    });
  }
  void write_named(json_text name) {
    const bool custom = is_custom(name);
    out_.begin_object();
    out_.raw("type", custom ? "\"custom\"" : "\"function\"");
    out_.key(custom ? "custom" : "function"), out_.begin_object(), out_.raw("name", name), out_.end_object();
    out_.end_object();
  }

  void write_choice() {
    if (what_.choice == tool_mode::unset && !restricted()) return;
    if (what_.choice == tool_mode::named && !restricted() && !is_listed(what_.chosen_tool)) return dropped_.add("tool_choice");
    out_.key("tool_choice");
    const std::string_view mode = what_.choice == tool_mode::none ? "\"none\"" : what_.choice == tool_mode::required ? "\"required\"" : "\"auto\"";
    if (what_.choice == tool_mode::named && !restricted()) return write_named(what_.chosen_tool);
    if (!restricted() || !rules_.original) return out_.raw(mode);
    out_.begin_object();
    out_.raw("type", "\"allowed_tools\"");
    out_.key("allowed_tools"), out_.begin_object();
    out_.raw("mode", mode);
    out_.key("tools"), out_.begin_array();
    json::elements walk(what_.chosen_tool);
    for (std::string_view name; walk.next(name);) write_named(name);
    out_.end_array(), out_.end_object(), out_.end_object();
  }

  void write_format() {
    const auto& format = what_.format;
    if (format.shape == neutral::output_shape::text) return;
    out_.key("response_format"), out_.begin_object();
    if (format.shape == neutral::output_shape::json_object || format.schema.empty()) {
      out_.raw("type", "\"json_object\"");
    } else {
      out_.raw("type", "\"json_schema\"");
      out_.key("json_schema"), out_.begin_object();
      out_.raw("name", format.name.empty() ? json_text("\"response\"") : format.name);   // must have one
      out_.raw_if("description", format.description);
      out_.raw("schema", format.schema);
      out_.raw_if("strict", format.strict);
      out_.end_object();
    }
    out_.end_object();
  }

  void write_reasoning() {
    const auto& wish = what_.reasoning;
    if (!wish.given()) return;
    if (!wish.summary.empty()) dropped_.add(wish.name.empty() ? "reasoning.summary" : std::string(wish.name) + ".summary");
    if (rules_.name == "openrouter") return write_router_reasoning();
    if (!wish.effort.empty()) {
      out_.raw("reasoning_effort", wish.effort);
    } else if (wish.budget && *wish.budget > 0) {
      out_.raw("reasoning_effort", effort_of(*wish.budget));
    } else if (wish.budget && *wish.budget == 0) {
      dropped_.add(wish.name);   // "none" is refused by models that cannot think, and by many that can
    }
    if (wish.show && !*wish.show) dropped_.add(wish.name);
  }

  void write_router_reasoning() {
    const auto& wish = what_.reasoning;
    out_.key("reasoning"), out_.begin_object();
    if (!wish.effort.empty()) out_.raw("effort", wish.effort);
    else if (wish.budget && *wish.budget > 0) out_.number("max_tokens", *wish.budget);
    else if (wish.budget) out_.boolean("enabled", *wish.budget != 0);
    if (wish.show) out_.boolean("exclude", !*wish.show);
    out_.end_object();
  }

  const neutral::request& what_;
  const write_target& where_;
  const config::provider_preset& rules_;
  json::out& out_;
  neutral::dropped_fields& dropped_;
};

}  // namespace

outcome write_request(const neutral::request& what, const write_target& where, std::string& into, neutral::dropped_fields& dropped) {
  if (auto no = refuse_unanswerable(what, answers_per_request::several)) return *std::move(no);
  json::out out(into);
  request_writer(what, where, out, dropped).write();
  return done{};
}

}  // namespace switchyard::providers::chat

// A neutral request as Converse's (the grammar stands in converse_request_read.cpp).
//
// What Converse demands of messages stands in converse_messages.hpp. Beside that, and what is done about it:
//   system text stands apart       all system and developer messages go there, in their order, later ones too
//   tools must be declared         calls and results in the history without tools: the names that were called are declared
//   no tool_choice "none"          the tools are left out; where the history needs them the choice is dropped
//   temperature <= 1               a higher one becomes 1 and counts as dropped
#include "providers/bedrock/converse_messages.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::providers::converse {

using neutral::json_text;
using neutral::part;
using neutral::part_kind;

namespace {

// Tokens of thought an effort stands for, with Claude before 4.6; the least Claude takes is 1,024.
constexpr std::int64_t least_budget = 1024;
constexpr std::int64_t usual_budget = 10000;   // "medium", or when only asked to think
[[nodiscard]] std::int64_t budget_of(std::string_view effort) noexcept {
  if (effort == "minimal") return least_budget;
  if (effort == "low") return 2048;
  if (effort == "high") return 16384;
  if (effort == "xhigh" || effort == "max") return 32768;
  return usual_budget;
}

[[nodiscard]] std::optional<double> number_of(json_text value) noexcept {
  double out = 0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), out);
  return failure == std::errc{} && end == value.data() + value.size() ? std::optional(out) : std::nullopt;
}

class request_writer {
 public:
  request_writer(const neutral::request& what, std::string_view model, std::string& out, neutral::dropped_fields& dropped)
      : what_(what), model_(traits_of(model)), out_(out), dropped_(dropped) {}

  [[nodiscard]] outcome write() {
    for (const auto name : what_.unknown) dropped_.add(name);
    if (auto no = refuse_unanswerable(what_, answers_per_request::one)) return *std::move(no);
    if (what_.cached_content)
      return client_error(error_code::invalid_request, "Bedrock knows no stored content; send it", std::string(what_.cached_content.name));
    out_.begin_object();
    if (auto problem = write_messages()) return *std::move(problem);
    if (auto problem = write_system()) return *std::move(problem);
    const bool thinks = will_think();
    write_inference(thinks);
    write_tools();
    write_model_fields(thinks);
    write_format();
    write_rest();
    out_.end_object();
    return done{};
  }

 private:
  [[nodiscard]] static bool is_system(const neutral::message& message) noexcept {
    return message.role == neutral::role::system || message.role == neutral::role::developer;
  }

  [[nodiscard]] std::optional<error> write_messages() {
    out_.key("messages");
    out_.begin_array();
    message_list list(out_, model_);
    block_writer blocks(out_, dropped_, model_, block_writer::towards::provider, &list);
    for (const auto& message : what_.messages) {
      if (is_system(message)) continue;
      if (!message.name.empty()) dropped_.add("messages.name");
      list.from(message.role);
      for (const auto& piece : message.parts) {
        note_tool(piece);
        blocks.write(piece);
      }
      if (blocks.refused()) return blocks.refused();
    }
    list.finish();
    out_.end_array();
    return std::nullopt;
  }

  [[nodiscard]] std::optional<error> write_system() {
    if (std::none_of(what_.messages.begin(), what_.messages.end(), is_system)) return std::nullopt;
    out_.key("system");
    out_.begin_array();
    block_writer blocks(out_, dropped_, model_, block_writer::towards::provider);
    for (const auto& message : what_.messages) {
      if (!is_system(message)) continue;
      for (const auto& piece : message.parts) {
        if (piece.kind == part_kind::text || piece.kind == part_kind::cache_point)
          blocks.write(piece);
        else
          return client_error(error_code::invalid_request, "Bedrock takes only text in system messages", "messages");
      }
    }
    out_.end_array();
    return std::nullopt;
  }

  void note_tool(const part& piece) {
    if (piece.kind == part_kind::tool_result) in_history_ = true;
    if (piece.kind != part_kind::tool_call) return;
    in_history_ = true;
    if (std::find(called_.begin(), called_.end(), piece.name) == called_.end()) called_.push_back(piece.name);
  }

  // ---- thinking ----

  [[nodiscard]] bool is_off() const noexcept {
    return what_.reasoning.budget == 0 || (!what_.reasoning.budget && json::is_text(what_.reasoning.effort, "none"));
  }
  [[nodiscard]] std::int64_t max_tokens() const noexcept { return json::as_count(what_.max_output_tokens.value).value_or(0); }

  /// Claude's thoughts count towards its answer's limit, which must be above their budget.
  [[nodiscard]] std::int64_t fitting_budget() const noexcept {
    auto budget = what_.reasoning.budget.value_or(-1);
    if (budget < 0) budget = budget_of(json::inside(what_.reasoning.effort));
    budget = std::max(budget, least_budget);
    const auto most = max_tokens();
    return most > 0 && budget >= most ? most / 2 : budget;
  }

  /// Will there be a field that makes it think? What cannot be is dropped here.
  [[nodiscard]] bool will_think() {
    const auto& wish = what_.reasoning;
    if (!wish.given() || is_off()) return false;
    const auto drop = [&] {
      dropped_.add(wish.name.empty() ? "reasoning" : wish.name);
      return false;
    };
    const bool asks = !wish.effort.empty() || wish.budget || wish.show == true;
    if (!asks) return drop();   // only a summary is wished for
    switch (model_.family) {
      case family::claude: {
        const bool forced = what_.choice == neutral::tool_mode::required || what_.choice == neutral::tool_mode::named;
        const bool fits = is_adaptive() || fitting_budget() >= least_budget;
        return !forced && fits ? true : drop();   // Claude does not think when it is made to call a tool
      }
      case family::gpt:
      case family::qwen: return true;
      case family::nova:
      case family::other: break;
    }
    return drop();
  }

  [[nodiscard]] bool is_adaptive() const noexcept { return model_.adaptive_thinking && what_.reasoning.budget.value_or(-1) < 0; }

  void write_thinking() {
    const auto effort = json::inside(what_.reasoning.effort);
    if (model_.family == family::gpt) {
      const bool known = effort == "low" || effort == "medium" || effort == "high";
      out_.text("reasoning_effort", known ? effort : effort == "minimal" ? "low" : effort == "xhigh" || effort == "max" ? "high" : "medium");
    } else if (model_.family == family::qwen) {
      out_.text("reasoning_config", effort == "minimal" || effort == "low" ? "low" : "high");
    } else {
      out_.key("thinking");
      out_.begin_object();
      out_.text("type", is_adaptive() ? "adaptive" : "enabled");
      if (!is_adaptive()) out_.number("budget_tokens", fitting_budget());
      out_.end_object();
      if (!is_adaptive() || effort.empty()) return;
      out_.key("output_config");
      out_.begin_object();
      out_.text("effort", effort == "minimal" ? "low" : effort == "xhigh" ? "max" : effort);
      out_.end_object();
    }
  }

  // ---- settings ----

  void write_inference(bool thinks) {
    const bool strict = thinks && model_.family == family::claude;   // thinking Claude takes temperature 1 and a top_p from 0.95 only
    const auto temperature = number_of(what_.temperature.value), top_p = number_of(what_.top_p.value);
    const bool with_temperature = what_.temperature && !(strict && temperature != 1.0);
    const bool with_top_p = what_.top_p && !(strict && top_p.value_or(0) < 0.95) && !(model_.one_sampling && with_temperature);
    if (!with_temperature) dropped_.add_if(what_.temperature);
    if (!with_top_p) dropped_.add_if(what_.top_p);
    if (!what_.max_output_tokens && !with_temperature && !with_top_p && !what_.stop) return;
    out_.key("inferenceConfig");
    out_.begin_object();
    out_.raw_if("maxTokens", what_.max_output_tokens.value);
    if (with_temperature) {
      if (temperature.value_or(0) > 1) dropped_.add_if(what_.temperature);
      out_.raw("temperature", temperature.value_or(0) > 1 ? "1" : what_.temperature.value);
    }
    if (with_top_p) out_.raw("topP", what_.top_p.value);
    write_stop();
    out_.end_object();
  }

  void write_stop() {
    if (!what_.stop) return;
    out_.key("stopSequences");
    out_.begin_array();
    json::elements walk(what_.stop.value);
    for (std::string_view text; walk.next(text);)
      if (json::has_text(text)) out_.raw(text);
    if (json::has_text(what_.stop.value)) out_.raw(what_.stop.value);
    out_.end_array();
  }

  void write_model_fields(bool thinks) {
    const bool strict = thinks && model_.family == family::claude;
    const bool top_k = what_.top_k && !strict && (model_.family == family::claude || model_.family == family::nova);
    if (!top_k) dropped_.add_if(what_.top_k);
    if (!thinks && !top_k) return;
    out_.key("additionalModelRequestFields");
    out_.begin_object();
    if (thinks) write_thinking();
    if (top_k && model_.family == family::claude) out_.raw("top_k", what_.top_k.value);
    if (top_k && model_.family == family::nova) {
      out_.key("inferenceConfig");
      out_.begin_object();
      out_.raw("topK", what_.top_k.value);
      out_.end_object();
    }
    out_.end_object();
  }

  void write_format() {
    const auto& format = what_.format;
    if (format.shape == neutral::output_shape::text) return;
    if (format.shape == neutral::output_shape::json_object || format.schema.empty()) return dropped_.add("response_format");
    std::string schema;
    json::append_string(schema, format.schema);
    out_.key("outputConfig");
    out_.begin_object();
    out_.key("textFormat");
    out_.begin_object();
    out_.text("type", "json_schema");
    out_.key("structure");
    out_.begin_object();
    out_.key("jsonSchema");
    out_.begin_object();
    out_.raw("schema", schema);
    out_.raw_if("name", format.name);
    out_.raw_if("description", format.description);
    for (int i = 0; i < 4; ++i) out_.end_object();
  }

  // ---- tools ----

  [[nodiscard]] bool is_allowed(const neutral::tool& tool) const {
    if (!json::is_array(what_.chosen_tool)) return true;
    json::elements walk(what_.chosen_tool);
    for (std::string_view name; walk.next(name);)
      if (name == tool.name) return true;
    return false;
  }
  [[nodiscard]] bool is_wanted(const neutral::tool& tool) const {
    return (tool.kind.empty() || tool.kind == "systemTool") && is_allowed(tool);
  }

  void write_tools() {
    for (const auto& tool : what_.tools)
      if (!tool.kind.empty() && tool.kind != "systemTool") dropped_.add("tools." + std::string(tool.kind));
    const bool any = std::any_of(what_.tools.begin(), what_.tools.end(), [this](const auto& tool) { return is_wanted(tool); });
    const bool none = what_.choice == neutral::tool_mode::none;
    if (what_.parallel_tool_calls == false && any) dropped_.add("parallel_tool_calls");
    if (!in_history_ && (none || !any)) return;
    if (none && any) dropped_.add("tool_choice");
    if (!any && called_.empty()) return;   // results without their calls: Bedrock will say so
    out_.key("toolConfig");
    out_.begin_object();
    out_.key("tools");
    out_.begin_array();
    for (const auto& tool : what_.tools)
      if (is_wanted(tool)) write_tool(tool);
    if (!any)
      for (const auto name : called_) write_tool({.name = name});
    out_.end_array();
    if (any) write_choice();
    out_.end_object();
  }

  void write_tool(const neutral::tool& tool) {
    out_.begin_object();
    if (!tool.kind.empty()) {
      out_.raw("systemTool", json::find(tool.original, "systemTool"));
      return out_.end_object();
    }
    out_.key("toolSpec");
    out_.begin_object();
    out_.raw("name", json::or_empty(tool.name));   // of a call in the history that has none: Bedrock will say so
    if (json::has_text(tool.description)) out_.raw("description", tool.description);
    out_.key("inputSchema");
    out_.begin_object();
    out_.key("json");
    write_schema(tool.parameters);
    out_.end_object();
    if (tool.strict == "true") {
      if (model_.family == family::claude && model_.one_sampling)
        out_.boolean("strict", true);
      else
        dropped_.add("tools.strict");
    }
    out_.end_object();
    out_.end_object();
    if (tool.cache_control.empty()) return;
    if (!model_.caches) return dropped_.add("cache_control");
    out_.begin_object();
    out_.key("cachePoint");
    out_.begin_object();
    out_.text("type", "default");
    if (const auto ttl = json::find(tool.cache_control, "ttl"); json::has_text(ttl)) out_.raw("ttl", ttl);
    out_.end_object();
    out_.end_object();
  }

  /// A schema must say that it is an object's.
  void write_schema(json_text schema) {
    if (!json::has_entries(schema)) return out_.raw(R"({"type":"object","properties":{}})");
    if (!json::find(schema, "type").empty()) return out_.raw(schema);
    out_.place();
    (out_.str() += R"({"type":"object",)") += schema.substr(1);
    out_.placed();
  }

  void write_choice() {
    using neutral::tool_mode;
    if (what_.choice == tool_mode::unset || what_.choice == tool_mode::none) return;
    out_.key("toolChoice");
    out_.begin_object();
    if (what_.choice == tool_mode::automatic) {
      out_.raw("auto", "{}");
    } else if (what_.choice == tool_mode::required || !json::is_string(what_.chosen_tool)) {
      out_.raw("any", "{}");
    } else {
      out_.key("tool");
      out_.begin_object();
      out_.raw("name", what_.chosen_tool);
      out_.end_object();
    }
    out_.end_object();
  }

  // ---- everything else ----

  void write_rest() {
    out_.raw_if("guardrailConfig", what_.guardrail.value);
    out_.raw_if("performanceConfig", what_.performance.value);
    write_metadata();
    write_tier();
    for (const auto* setting : {&what_.seed, &what_.frequency_penalty, &what_.presence_penalty, &what_.top_logprobs, &what_.logit_bias,
                                &what_.user, &what_.verbosity, &what_.prediction, &what_.audio, &what_.safety_settings})
      dropped_.add_if(*setting);
    if (what_.logprobs.value != "false") dropped_.add_if(what_.logprobs);
    if (what_.store.value != "false") dropped_.add_if(what_.store);
    if (what_.modalities.value.find("audio") != json_text::npos || what_.modalities.value.find("mage") != json_text::npos)
      dropped_.add_if(what_.modalities);
  }

  void write_tier() {
    const auto tier = json::inside(what_.service_tier.value);
    if (tier == "priority" || tier == "flex" || tier == "reserved") {
      out_.key("serviceTier");
      out_.begin_object();
      out_.text("type", tier);
      out_.end_object();
    } else if (tier != "auto" && tier != "default") {   // those two are what no tier means
      dropped_.add_if(what_.service_tier);
    }
  }

  /// Letters, digits, white space and a few signs, at most 256 of them.
  [[nodiscard]] static bool is_metadata(std::string_view text) noexcept {
    return text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    std::string_view(" :_@$#=/+,-.").find(c) != std::string_view::npos;
           });
  }

  void write_metadata() {
    if (!what_.metadata) return;
    constexpr int most = 16;
    int count = 0;
    json::members walk(what_.metadata.value);
    for (json::member m; walk.next(m);) {
      const bool fits = !m.name.empty() && is_metadata(m.name) && json::is_string(m.value) && is_metadata(json::inside(m.value)) && count < most;
      if (!fits) {
        dropped_.add(std::string(what_.metadata.name) + "." + std::string(m.name));
        continue;
      }
      if (count++ == 0) {
        out_.key("requestMetadata");
        out_.begin_object();
      }
      out_.raw(m.name, m.value);
    }
    if (count > 0) out_.end_object();
  }

  const neutral::request& what_;
  const model_traits model_;
  json::out out_;
  neutral::dropped_fields& dropped_;
  std::vector<json_text> called_;          // names of tools called in the history
  bool in_history_ = false;                // there are calls or results
};

}  // namespace

outcome write_request(const neutral::request& what, const write_target& where, std::string& out, neutral::dropped_fields& dropped) {
  return request_writer(what, where.model, out, dropped).write();
}

}  // namespace switchyard::providers::converse

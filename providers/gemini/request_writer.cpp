#include "providers/gemini/field.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/request.hpp"
#include "providers/gemini/schema.hpp"
#include "providers/json_document.hpp"

#include <algorithm>

namespace switchyard::providers::gemini {

namespace {

using neutral::json_text;
using neutral::part_kind;
using problem = std::optional<error>;

/// base64 of "skip_thought_signature_validator": what Google documents for calls that another model made.
constexpr json_text foreign_call_signature = R"("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=")";

/// Thinking tokens of an effort, as Google's own OpenAI endpoint has them.
struct effort_row {
  std::string_view effort;
  std::int64_t budget;
  std::string_view level;
};
constexpr effort_row efforts[] = {{"none", 0, "minimal"},    {"minimal", 1024, "minimal"}, {"low", 1024, "low"},
                                  {"medium", 8192, "medium"}, {"high", 24576, "high"},      {"xhigh", 24576, "high"},
                                  {"max", 24576, "high"}};
constexpr std::int64_t least_budget_of_those_who_must_think = 128;

constexpr std::string_view own_tools[] = {"googleSearch",        "googleSearchRetrieval", "codeExecution", "urlContext",
                                          "googleMaps",          "fileSearch",            "computerUse",   "retrieval",
                                          "enterpriseWebSearch", "mcpServers",            "parallelAiSearch", "exaAiSearch"};

[[nodiscard]] error refused(std::string message, std::string param) {
  return client_error(error_code::invalid_request, std::move(message), std::move(param));
}

[[nodiscard]] bool is_system(neutral::role who) noexcept { return who == neutral::role::system || who == neutral::role::developer; }

class writer {
 public:
  writer(const neutral::request& what, const write_target& where, std::string& into, neutral::dropped_fields& dropped)
      : what_(what), traits_(traits_of(where.model)), out_(into), dropped_(dropped) {}

  [[nodiscard]] outcome write() {
    for (const auto name : what_.unknown) dropped_.add(name);
    if (auto no = refuse_unanswerable(what_, answers_per_request::several)) return *std::move(no);
    out_.begin_object();
    if (auto wrong = write_contents()) return *std::move(wrong);
    write_system();
    write_tools();
    write_config();
    out_.raw_if("safetySettings", what_.safety_settings.value);
    out_.raw_if("cachedContent", what_.cached_content.value);
    if (what_.metadata && what_.metadata.name == "labels") out_.raw("labels", what_.metadata.value);
    else dropped_.add_if(what_.metadata);
    if (what_.service_tier && what_.service_tier.name == "serviceTier") out_.raw("serviceTier", what_.service_tier.value);
    else dropped_.add_if(what_.service_tier);
    drop_rest();
    out_.end_object();
    return done{};
  }

 private:
  /// System messages have one place, wherever they stood. Alone they are the user's: Gemini must be asked something.
  [[nodiscard]] bool has_conversation() const noexcept {
    return std::any_of(what_.messages.begin(), what_.messages.end(), [](const auto& m) { return !is_system(m.role); });
  }

  void write_system() {
    if (!has_conversation()) return;
    bool any = false;
    for (const auto& message : what_.messages) {
      if (!is_system(message.role)) continue;
      for (const auto& part : message.parts) {
        if (!part.cache_control.empty()) dropped_.add("cache_control");
        if (part.kind != part_kind::text) {
          dropped_.add(part.kind == part_kind::cache_point ? "cache_control" : "system.content");
          continue;
        }
        if (!any) out_.key("systemInstruction"), out_.begin_object(), out_.key("parts"), out_.begin_array();
        any = true;
        write_text(part.text, false, {}, out_);
      }
    }
    if (any) out_.end_array(), out_.end_object();
  }

  [[nodiscard]] problem write_contents() {
    const bool alone = !has_conversation();
    out_.key("contents");
    out_.begin_array();
    std::optional<neutral::role> open;   // the role of the content being written; neighbours of one role are one content
    for (const auto& message : what_.messages) {
      if (is_system(message.role) && !alone) continue;
      if (!message.name.empty()) dropped_.add("messages.name");
      const auto who = message.role == neutral::role::assistant ? neutral::role::assistant : neutral::role::user;
      if (who == neutral::role::user) signed_turn_ = false;
      for (const auto& part : message.parts) {
        if (!part.cache_control.empty()) dropped_.add("cache_control");
        if (!is_written(part)) continue;
        if (open != who) {
          if (open) end_content();
          out_.begin_object();
          out_.raw("role", who == neutral::role::assistant ? R"("model")" : R"("user")");
          out_.key("parts");
          out_.begin_array();
          open = who;
        }
        if (auto wrong = write_part(part)) return wrong;
      }
    }
    if (open) end_content();
    else if (!what_.messages.empty()) out_.raw(R"({"role":"user","parts":[{"text":""}]})");   // an empty prompt is one, too
    else return refused("Gemini needs at least one message.", "messages");
    out_.end_array();
    return {};
  }

  void end_content() {
    out_.end_array();
    out_.end_object();
  }

  /// Says what is dropped, if it is.
  [[nodiscard]] bool is_written(const neutral::part& part) {
    switch (part.kind) {
      case part_kind::text: return json::has_text(part.text) || is_base64(part.signature);   // an empty text is refused
      case part_kind::reasoning:
        if (json::has_text(part.text) || is_base64(part.signature)) return true;
        return false;
      case part_kind::redacted_reasoning: return dropped_.add("messages.redacted_thinking"), false;
      case part_kind::cache_point: return dropped_.add("cache_control"), false;
      case part_kind::foreign:
        if (is_own(part)) return true;
        return dropped_.add("messages." + std::string(part.name.empty() ? "content" : json::inside(part.name))), false;
      default: return true;
    }
  }

  [[nodiscard]] problem write_part(const neutral::part& part) {
    switch (part.kind) {
      case part_kind::text:
        if (!part.citations.empty()) dropped_.add("messages.citations");
        write_text(part.text, false, part.signature, out_);
        break;
      case part_kind::refusal: write_text(part.text, false, {}, out_); break;
      case part_kind::reasoning: write_text(part.text, json::has_text(part.text), part.signature, out_); break;
      case part_kind::image:
      case part_kind::audio:
      case part_kind::video:
      case part_kind::file: return write_attachment(part);
      case part_kind::tool_call: {
        // A turn's first call carries the signature; one that another model made has none.
        const bool needs = traits_.needs_signatures && !signed_turn_ && !is_base64(part.signature);
        signed_turn_ = true;
        calls_.push_back({part.id, part.name});
        write_call(part.id, part.name, part.arguments, needs ? foreign_call_signature : part.signature, out_);
        break;
      }
      case part_kind::tool_result: return write_result(part);
      case part_kind::foreign: out_.raw(part.original); break;
      case part_kind::redacted_reasoning:
      case part_kind::cache_point: break;
    }
    return {};
  }

  [[nodiscard]] problem write_attachment(const neutral::part& part) {
    if (!part.detail.empty() && !json::is_text(part.detail, "auto")) dropped_.add("messages.image.detail");
    if (!part.name.empty()) dropped_.add("messages.file.name");
    if (json::has_text(part.text) && part.data.empty() && part.url.empty() && part.file_id.empty()) {
      write_text(part.text, false, {}, out_);   // a plain text document
      return {};
    }
    if (write_media(part, out_)) return {};
    return refused("A file or image that another provider keeps cannot be sent to Gemini: send its content or an https URL.", "messages");
  }

  [[nodiscard]] problem write_result(const neutral::part& part) {
    auto name = part.name;
    const auto call = std::find_if(calls_.rbegin(), calls_.rend(), [&](const auto& c) { return c.id == part.id; });
    if (call != calls_.rend()) name = call->name;
    if (!json::has_text(name))
      return refused("A tool result must follow the call it answers: no call has the id " + std::string(part.id.substr(0, 80)) + ".",
                     "messages");
    out_.begin_object();
    out_.key("functionResponse");
    out_.begin_object();
    out_.raw_if("id", part.id);
    out_.raw("name", name);
    out_.key("response");
    write_response(part);
    const auto is_media = [](const neutral::part& p) { return p.kind != part_kind::text && p.kind != part_kind::foreign; };
    const bool has_media = std::any_of(part.content.begin(), part.content.end(), is_media);
    if (has_media && traits_.media_in_results) {
      out_.key("parts");
      out_.begin_array();
      for (const auto& p : part.content)
        if (is_media(p))
          if (auto wrong = write_attachment(p)) return wrong;
      out_.end_array();
    }
    out_.end_object();
    out_.end_object();
    if (has_media && !traits_.media_in_results)   // older models take them beside the result
      for (const auto& p : part.content)
        if (is_media(p))
          if (auto wrong = write_attachment(p)) return wrong;
    for (const auto& p : part.content)
      if (p.kind == part_kind::foreign) dropped_.add("messages.tool_result." + std::string(json::inside(p.name)));
    return {};
  }

  /// A text that is a JSON object is the response; any other is its "result" or "error".
  void write_response(const neutral::part& part) {
    std::string joined = "\"";
    for (const auto& p : part.content)
      if (p.kind == part_kind::text) joined += json::inside(p.text);
    joined += '"';
    const auto first = joined.find_first_not_of(" \\nrt", 1);   // white space, as far as it is escaped
    if (!part.is_error && first != std::string::npos && joined[first] == '{') {
      const auto text = json::unescape(joined);
      json::document document;
      if (document.parse_copy(text) && document.root().is_object()) return out_.raw(text);
    }
    out_.begin_object();
    out_.raw(part.is_error ? "error" : "result", joined);
    out_.end_object();
  }

  void write_tools() {
    bool functions = false;
    bool any = false;
    const auto begin = [&] {
      if (!any) out_.key("tools"), out_.begin_array();
      any = true;
    };
    for (const auto& tool : what_.tools) {
      if (!tool.kind.empty()) continue;
      if (!functions) {
        begin();
        out_.begin_object();
        out_.key("functionDeclarations");
        out_.begin_array();
        functions = true;
      }
      write_function(tool);
    }
    if (functions) out_.end_array(), out_.end_object();
    for (const auto& tool : what_.tools) {
      if (tool.kind.empty()) continue;
      const auto is_its = [&](std::string_view name) { return is_field(tool.kind, name); };
      const bool own = std::any_of(std::begin(own_tools), std::end(own_tools), is_its);
      if (own && json::is_object(tool.original)) begin(), out_.raw(tool.original);
      else dropped_.add("tools." + std::string(tool.kind));
    }
    if (any) out_.end_array();
    write_choice(functions);
    if (what_.parallel_tool_calls == false) dropped_.add("parallel_tool_calls");
  }

  void write_function(const neutral::tool& tool) {
    out_.begin_object();
    out_.raw("name", tool.name);
    out_.raw_if("description", tool.description);
    if (!tool.parameters.empty()) {
      if (traits_.json_schema) {
        out_.raw("parametersJsonSchema", tool.parameters);
      } else if (json::has_entries(json::find(tool.parameters, "properties")) || !json::find(tool.parameters, "$ref").empty()) {
        out_.key("parameters");
        write_subset(tool.parameters, "tools.parameters.");
      }
    }
    out_.end_object();
    if (tool.strict == "true") dropped_.add("tools.strict");
    if (!tool.cache_control.empty()) dropped_.add("cache_control");
  }

  void write_subset(json_text schema, std::string_view where) {
    std::vector<std::string> lost;
    write_openapi_schema(schema, out_, lost);
    for (const auto& keyword : lost) dropped_.add(std::string(where) + keyword);
  }

  void write_choice(bool functions) {
    using enum neutral::tool_mode;
    if (what_.choice == unset) return;
    if (!functions) {   // there is nothing to choose from, and saying so is refused
      if (what_.choice == required || what_.choice == named) dropped_.add("tool_choice");
      return;
    }
    if (what_.choice == automatic && !what_.chosen_tool.empty()) dropped_.add("tool_choice.allowed_tools");   // only ANY takes names
    out_.key("toolConfig");
    out_.begin_object();
    out_.key("functionCallingConfig");
    out_.begin_object();
    out_.raw("mode", what_.choice == none ? R"("NONE")" : what_.choice == automatic ? R"("AUTO")" : R"("ANY")");
    if (what_.choice == named) {
      out_.key("allowedFunctionNames");
      out_.begin_array();
      out_.raw(what_.chosen_tool);
      out_.end_array();
    } else if (what_.choice == required && json::is_array(what_.chosen_tool)) {
      out_.raw("allowedFunctionNames", what_.chosen_tool);
    }
    out_.end_object();
    out_.end_object();
  }

  void write_config() {
    std::string text;   // aside: an empty generationConfig is left out
    json::out out(text);
    out.begin_object();
    out.raw_if("temperature", what_.temperature.value);
    out.raw_if("topP", what_.top_p.value);
    out.raw_if("topK", what_.top_k.value);
    out.raw_if("maxOutputTokens", what_.max_output_tokens.value);
    out.raw_if("stopSequences", what_.stop.value);
    out.raw_if("candidateCount", what_.choices.value);
    out.raw_if("seed", what_.seed.value);
    out.raw_if("presencePenalty", what_.presence_penalty.value);
    out.raw_if("frequencyPenalty", what_.frequency_penalty.value);
    out.raw_if("responseLogprobs", what_.logprobs.value);
    out.raw_if("logprobs", what_.top_logprobs.value);
    if (what_.modalities && (!json::is_array(what_.modalities.value) || what_.modalities.value.find('\\') != std::string_view::npos)) {
      dropped_.add_if(what_.modalities);
    } else if (what_.modalities) {
      std::string upper(what_.modalities.value);
      for (auto& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      out.raw("responseModalities", upper);
    }
    write_format(out);
    write_thinking(out);
    out.end_object();
    if (text != "{}") out_.raw("generationConfig", text);
  }

  void write_format(json::out& out) {
    const auto& format = what_.format;
    if (format.shape == neutral::output_shape::text) return;
    out.raw("responseMimeType", R"("application/json")");
    if (!format.description.empty()) dropped_.add("response_format.description");
    if (format.shape != neutral::output_shape::json_schema || format.schema.empty()) return;
    if (traits_.json_schema) return out.raw("responseJsonSchema", format.schema);
    out.key("responseSchema");
    std::vector<std::string> lost;
    write_openapi_schema(format.schema, out, lost);
    for (const auto& keyword : lost) dropped_.add("response_format.schema." + keyword);
  }

  void write_thinking(json::out& out) {
    const auto& wish = what_.reasoning;
    if (!wish.given()) return;
    using enum model_traits::thinking_form;
    if (traits_.thinking == none) {
      // Asking a model that cannot think not to is no loss.
      if (!json::is_text(wish.effort, "none") && wish.budget != 0) dropped_.add(wish.name.empty() ? "reasoning" : wish.name);
      return;
    }
    const auto is_it = [&](const effort_row& e) { return json::is_text(wish.effort, e.effort); };
    const auto row = std::find_if(std::begin(efforts), std::end(efforts), is_it);
    const bool has_effort = row != std::end(efforts);
    if (!wish.effort.empty() && !has_effort) dropped_.add(wish.name.empty() ? "reasoning" : wish.name);
    out.key("thinkingConfig");
    out.begin_object();
    if (traits_.thinking == level && has_effort) {   // level and budget together are refused
      const bool lowest = row->level == "minimal" && traits_.must_think;
      out.text("thinkingLevel", lowest ? "low" : row->level);
    } else if (wish.budget || has_effort) {
      auto budget = wish.budget ? *wish.budget : row->budget;
      if (traits_.must_think && budget >= 0) budget = std::max(budget, least_budget_of_those_who_must_think);
      out.number("thinkingBudget", budget);
    }
    const bool wants_summary = !wish.summary.empty() && !json::is_text(wish.summary, "none");
    if (wish.show || wants_summary) out.boolean("includeThoughts", wish.show.value_or(wants_summary));
    out.end_object();
  }

  void drop_rest() {
    for (const auto* setting : {&what_.logit_bias, &what_.user, &what_.verbosity, &what_.prediction, &what_.audio,
                                &what_.guardrail, &what_.performance})
      dropped_.add_if(*setting);
    if (what_.store.value == "true") dropped_.add(what_.store.name);
  }

  struct made_call {
    json_text id;
    json_text name;
  };

  const neutral::request& what_;
  model_traits traits_;
  json::out out_;
  neutral::dropped_fields& dropped_;
  std::vector<made_call> calls_;
  bool signed_turn_ = false;
};

}  // namespace

model_traits traits_of(std::string_view model) noexcept {
  model_traits out;
  const auto at = model.find("gemini-");
  int major = 0, minor = 0;
  if (at != std::string_view::npos) {
    auto version = model.substr(at + 7);
    for (; !version.empty() && version.front() >= '0' && version.front() <= '9' && major < 100; version.remove_prefix(1))
      major = major * 10 + (version.front() - '0');
    if (version.starts_with('.') && version.size() > 1 && version[1] >= '0' && version[1] <= '9') minor = version[1] - '0';
  }
  const bool is_other = model.find("gemma") != std::string_view::npos || model.find("learnlm") != std::string_view::npos;
  const bool cannot_think = is_other || (major > 0 && major * 10 + minor < 25);
  out.json_schema = major != 1 && !is_other;
  out.media_in_results = out.needs_signatures = major >= 3;
  out.must_think = !cannot_think && model.find("pro") != std::string_view::npos;
  out.thinking = cannot_think  ? model_traits::thinking_form::none
                 : major >= 3 ? model_traits::thinking_form::level
                              : model_traits::thinking_form::budget;
  return out;
}

outcome write_request(const neutral::request& what, const write_target& where, std::string& out, neutral::dropped_fields& dropped) {
  return writer(what, where, out, dropped).write();
}

}  // namespace switchyard::providers::gemini

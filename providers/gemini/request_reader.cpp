#include "providers/gemini/field.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/request.hpp"
#include "providers/gemini/schema.hpp"

namespace switchyard::providers::gemini {

namespace {

using neutral::json_text;
using neutral::part_kind;
using problem = std::optional<error>;

[[nodiscard]] error refused(std::string message, std::string param) {
  return client_error(error_code::invalid_request, std::move(message), std::move(param));
}

[[nodiscard]] bool only_results(const neutral::message& message) noexcept {
  for (const auto& part : message.parts)
    if (part.kind != part_kind::tool_result) return false;
  return !message.parts.empty();
}

class reader {
 public:
  reader(std::string_view body, neutral::arena& texts) : body_(body), texts_(texts) {}

  [[nodiscard]] result<neutral::request> read() {
    // The system's words come first whatever their place in the body.
    if (auto wrong = read_system(find_field(body_, "systemInstruction"))) return *std::move(wrong);
    json::members walk(body_);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (auto wrong = read_member(m)) return *std::move(wrong);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] problem read_member(const json::member& m) {
    const auto is = [&](std::string_view camel) { return is_field(m.name, camel); };
    if (is("contents")) return read_contents(m.value);
    if (is("systemInstruction") || is("model") || is("fallbacks")) return {};
    if (is("tools")) return read_tools(m.value);
    if (is("toolConfig")) return read_tool_config(m.value), std::nullopt;
    if (is("generationConfig")) return read_config(m.value);
    if (is("safetySettings")) out_.safety_settings = {m.value, "safetySettings"};
    else if (is("cachedContent")) out_.cached_content = {m.value, "cachedContent"};
    else if (is("labels")) out_.metadata = {m.value, "labels"};
    else if (is("serviceTier")) out_.service_tier = {m.value, "serviceTier"};
    else if (is("store")) out_.store = {m.value, "store"};
    else out_.unknown.push_back(m.name);
    return {};
  }

  [[nodiscard]] problem read_system(std::string_view value) {
    if (value.empty()) return {};
    if (!json::is_object(value)) return refused("Invalid value at 'systemInstruction': expected a Content object.", "systemInstruction");
    return read_content(value, neutral::role::system, "systemInstruction");
  }

  [[nodiscard]] problem read_contents(std::string_view contents) {
    problem wrong;
    std::size_t n = 0;
    for_each(contents, [&](std::string_view content) {
      const auto where = "contents[" + std::to_string(n++) + "]";
      if (!json::is_object(content)) return wrong = refused("Invalid value at '" + where + "': expected a Content object.", where), false;
      const auto role = find_field(content, "role");
      auto who = neutral::role::user;
      if (json::is_text(role, "model")) who = neutral::role::assistant;
      else if (json::has_text(role) && !json::is_text(role, "user") && !json::is_text(role, "function") && !json::is_text(role, "tool"))
        return wrong = refused("Please use a valid role: user, model.", where + ".role"), false;
      return !(wrong = read_content(content, who, where));
    });
    return wrong;
  }

  [[nodiscard]] problem read_content(std::string_view content, neutral::role who, const std::string& where) {
    neutral::message message;
    message.role = who;
    problem wrong;
    std::size_t n = 0;
    for_each(find_field(content, "parts"), [&](std::string_view object) {
      const auto place = where + ".parts[" + std::to_string(n++) + "]";
      if (!json::is_object(object)) return wrong = refused("Invalid value at '" + place + "': expected a Part object.", place), false;
      neutral::part part;
      if (!read_part(object, texts_, ids_, "contents.parts.", part, out_.unknown)) return true;
      if (part.kind == part_kind::tool_call && !json::has_text(part.name))
        return wrong = refused("Invalid value at '" + place + ".functionCall': expected a name.", place + ".functionCall.name"), false;
      add(message, std::move(part));
      return true;
    });
    if (wrong) return wrong;
    if (!out_.messages.empty() && only_results(message) && only_results(out_.messages.back())) {
      for (auto& part : message.parts) out_.messages.back().parts.push_back(std::move(part));
    } else if (!message.parts.empty()) {
      out_.messages.push_back(std::move(message));
    }
    return {};
  }

  /// Clients give streamed thoughts back as they got them, in many parts, and their signature at the end.
  void add(neutral::message& message, neutral::part part) {
    if (part.kind == part_kind::reasoning && !message.parts.empty()) {
      auto& last = message.parts.back();
      if (last.kind == part_kind::reasoning && last.signature.empty()) {
        if (json::has_text(part.text))
          last.text = texts_.keep("\"" + std::string(json::inside(last.text)) + std::string(json::inside(part.text)) + "\"");
        last.signature = part.signature;
        return;
      }
    }
    message.parts.push_back(std::move(part));
  }

  [[nodiscard]] problem read_tools(std::string_view tools) {
    problem wrong;
    for_each(tools, [&](std::string_view tool) {
      json::members walk(tool);
      for (json::member m; !wrong && walk.next(m);) {
        if (json::is_null(m.value)) continue;
        if (is_field(m.name, "functionDeclarations")) {
          for_each(m.value, [&](std::string_view function) { return !(wrong = read_function(function)); });
        } else {
          auto& hosted = out_.tools.emplace_back();
          hosted.kind = m.name;
          hosted.original = texts_.keep("{\"" + std::string(m.name) + "\":" + std::string(m.value) + "}");
        }
      }
      return !wrong;
    });
    return wrong;
  }

  [[nodiscard]] problem read_function(std::string_view function) {
    neutral::tool out;
    json::members walk(function);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "name") out.name = m.value;
      else if (m.name == "description") out.description = m.value;
      else if (is_field(m.name, "parametersJsonSchema")) out.parameters = m.value;
      else if (m.name == "parameters") out.parameters = to_json_schema(m.value, texts_);
      else out_.unknown.push_back(texts_.keep("tools.functionDeclarations." + std::string(m.name)));   // response, behavior
    }
    if (!json::has_text(out.name))
      return refused("Invalid value at 'tools.functionDeclarations': every declaration needs a name.", "tools.functionDeclarations.name");
    out_.tools.push_back(out);
    return {};
  }

  void read_tool_config(std::string_view config) {
    json::members walk(config);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (is_field(m.name, "functionCallingConfig")) read_calling(m.value);
      else out_.unknown.push_back(texts_.keep("toolConfig." + std::string(m.name)));
    }
  }

  void read_calling(std::string_view config) {
    std::string_view mode, allowed;
    json::members walk(config);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "mode") mode = json::inside(m.value);
      else if (is_field(m.name, "allowedFunctionNames")) allowed = m.value;
      else out_.unknown.push_back(texts_.keep("toolConfig.functionCallingConfig." + std::string(m.name)));
    }
    if (mode == "AUTO" || mode == "auto") out_.choice = neutral::tool_mode::automatic;
    if (mode == "NONE" || mode == "none") out_.choice = neutral::tool_mode::none;
    if (mode == "VALIDATED") {
      out_.choice = neutral::tool_mode::automatic;
      out_.unknown.push_back("toolConfig.functionCallingConfig.mode");   // that calls are held to their schema
    }
    if (mode == "ANY" || mode == "any") {
      out_.choice = neutral::tool_mode::required;
      json::elements names(allowed);
      std::string_view first, second;
      if (names.next(first)) {
        const bool several = names.next(second);
        out_.choice = several ? neutral::tool_mode::required : neutral::tool_mode::named;
        out_.chosen_tool = several ? allowed : first;
      }
    } else if (json::has_entries(allowed)) {
      out_.unknown.push_back("toolConfig.functionCallingConfig.allowedFunctionNames");
    }
  }

  [[nodiscard]] problem read_config(std::string_view config) {
    if (!json::is_object(config)) return refused("Invalid value at 'generationConfig': expected an object.", "generationConfig");
    std::string_view mime, schema;
    json::members walk(config);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      const auto is = [&](std::string_view camel) { return is_field(m.name, camel); };
      const auto named = [&](std::string_view name) { return neutral::setting{m.value, name}; };
      if (is("maxOutputTokens")) out_.max_output_tokens = named("generationConfig.maxOutputTokens");
      else if (is("temperature")) out_.temperature = named("generationConfig.temperature");
      else if (is("topP")) out_.top_p = named("generationConfig.topP");
      else if (is("topK")) out_.top_k = named("generationConfig.topK");
      else if (is("stopSequences")) out_.stop = named("generationConfig.stopSequences");
      else if (is("candidateCount")) out_.choices = named("generationConfig.candidateCount");
      else if (is("seed")) out_.seed = named("generationConfig.seed");
      else if (is("presencePenalty")) out_.presence_penalty = named("generationConfig.presencePenalty");
      else if (is("frequencyPenalty")) out_.frequency_penalty = named("generationConfig.frequencyPenalty");
      else if (is("responseLogprobs")) out_.logprobs = named("generationConfig.responseLogprobs");
      else if (is("logprobs")) out_.top_logprobs = named("generationConfig.logprobs");
      else if (is("responseModalities")) {
        if (auto wrong = read_modalities(m.value)) return wrong;
      }
      else if (is("responseMimeType")) mime = m.value;
      else if (is("responseSchema")) schema = to_json_schema(m.value, texts_);
      else if (is("responseJsonSchema") || m.name == "_responseJsonSchema") schema = m.value;
      else if (is("thinkingConfig")) read_thinking(m.value);
      else out_.unknown.push_back(texts_.keep("generationConfig." + std::string(m.name)));   // speechConfig, mediaResolution, …
    }
    if (json::inside(mime).ends_with("json")) {
      out_.format.shape = schema.empty() ? neutral::output_shape::json_object : neutral::output_shape::json_schema;
      out_.format.schema = schema;
    } else {
      if (!mime.empty() && !json::is_text(mime, "text/plain")) out_.unknown.push_back("generationConfig.responseMimeType");   // text/x.enum
      if (!schema.empty()) out_.unknown.push_back("generationConfig.responseSchema");
    }
    return {};
  }

  void read_thinking(std::string_view config) {
    auto& wish = out_.reasoning;
    wish.name = "generationConfig.thinkingConfig";
    json::members walk(config);
    for (json::member m; walk.next(m);) {
      if (is_field(m.name, "thinkingBudget")) {
        if (m.value == "-1") wish.budget = -1;
        else if (const auto budget = json::as_count(m.value)) wish.budget = budget;
      } else if (is_field(m.name, "thinkingLevel")) {
        if (json::has_text(m.value) && !json::is_text(m.value, "THINKING_LEVEL_UNSPECIFIED")) wish.effort = lower(m.value);
      } else if (is_field(m.name, "includeThoughts")) {
        if (!json::is_null(m.value)) wish.show = m.value == "true";
      }
    }
  }

  /// ["TEXT","IMAGE"] -> ["text","image"]
  [[nodiscard]] problem read_modalities(std::string_view list) {
    constexpr std::string_view name = "generationConfig.responseModalities";
    json::elements walk(list);
    for (std::string_view entry; walk.next(entry);)
      if (!json::is_string(entry)) return refused("Invalid value at '" + std::string(name) + "': expected a list of strings.", std::string(name));
    if (!walk.ok()) return refused("Invalid value at '" + std::string(name) + "': expected a list of strings.", std::string(name));
    out_.modalities = {lower(list), name};
    return {};
  }

  [[nodiscard]] json_text lower(std::string_view value) {
    std::string text(value);
    for (auto& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return texts_.keep(std::move(text));
  }

  std::string_view body_;
  neutral::arena& texts_;
  call_ids ids_;
  neutral::request out_;
};

}  // namespace

result<neutral::request> read_request(std::string_view body, neutral::arena& texts) { return reader(body, texts).read(); }

}  // namespace switchyard::providers::gemini

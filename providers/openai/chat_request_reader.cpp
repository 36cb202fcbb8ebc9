// Reading a client's chat completions request (messages: chat.hpp; the members: read_sampling, read_setting, read_member).
#include "providers/openai/chat.hpp"

namespace switchyard::providers::chat {

using neutral::json_text;
using neutral::part_kind;
using neutral::role;
using neutral::tool_mode;

namespace {

[[nodiscard]] error refuse(std::string message, std::string param) {
  return client_error(error_code::invalid_request, std::move(message), std::move(param));
}

[[nodiscard]] std::string at(std::string_view list, std::size_t index, std::string_view member = {}) {
  std::string out(list);
  out += '[';
  out += std::to_string(index);
  out += ']';
  if (!member.empty()) out += '.', out += member;
  return out;
}

/// Members of a message that are read somewhere, or repeat what an answer said and say nothing in a request.
[[nodiscard]] bool known_in_message(std::string_view name) noexcept {
  for (const std::string_view known :
       {"role", "content", "name", "refusal", "tool_calls", "tool_call_id", "function_call", "audio", "reasoning", "reasoning_content",
        "reasoning_details", "annotations", "images", "extra_content", "thought_signature", "cache_control"})
    if (name == known) return true;
  return false;
}

class conversation {
 public:
  conversation(neutral::request& out, neutral::arena& texts) : out_(out), texts_(texts) {}

  [[nodiscard]] outcome read(std::string_view messages) {
    if (!json::is_array(messages)) return refuse("messages must be a list", "messages");
    std::size_t index = 0;
    json::elements walk(messages);
    for (std::string_view entry; walk.next(entry); ++index)
      if (auto read = read_one(entry, index); !read) return read;
    return done{};
  }

 private:
  [[nodiscard]] outcome read_one(std::string_view object, std::size_t index) {
    if (!json::is_object(object)) return refuse(at("messages", index) + " must be an object", at("messages", index));
    json_text who, content, name, call_id, cache_control;
    json::members walk(object);
    for (json::member m; walk.next(m);) {
      if (m.name == "role") who = m.value;
      else if (m.name == "content") content = m.value;
      else if (m.name == "name") name = unless_null(m.value);
      else if (m.name == "tool_call_id") call_id = unless_null(m.value);
      else if (m.name == "cache_control") cache_control = unless_null(m.value);
      else if (!known_in_message(m.name) && !json::is_null(m.value) && m.value != "false")
        out_.unknown.push_back(texts_.keep("messages." + std::string(m.name)));
    }
    if (!content.empty() && !json::is_string(content) && !json::is_array(content) && !json::is_null(content))
      return refuse(at("messages", index, "content") + " must be a string or a list of parts", at("messages", index, "content"));
    const auto kind = json::inside(who);
    if (kind == "tool" || kind == "function") return read_result(kind, content, name, call_id, index);

    neutral::message message;
    message.name = name;
    if (kind == "assistant") {
      message.role = role::assistant;
      open_calls_.clear();
      read_assistant(object, message.parts, calls_, texts_);
      for (const auto& part : message.parts)
        if (part.kind == part_kind::tool_call) open_calls_.push_back({part.name, part.id});
    } else if (kind == "user" || kind == "system" || kind == "developer") {
      message.role = kind == "user" ? role::user : kind == "system" ? role::system : role::developer;
      read_content(content, message.parts, texts_);
    } else {
      return refuse(at("messages", index, "role") + " must be system, developer, user, assistant, tool or function", at("messages", index, "role"));
    }
    if (!cache_control.empty() && !message.parts.empty()) message.parts.back().cache_control = cache_control;
    out_.messages.push_back(std::move(message));
    results_open_ = false;
    return done{};
  }

  /// {"role":"tool","tool_call_id","content"} and its forerunner {"role":"function","name","content"}.
  [[nodiscard]] outcome read_result(std::string_view kind, json_text content, json_text name, json_text call_id, std::size_t index) {
    neutral::part result{.kind = part_kind::tool_result, .name = text_or_nothing(name), .id = text_or_nothing(call_id)};
    // Functions of old answer by name; so may tools whose provider gave no id.
    for (auto call = open_calls_.begin(); call != open_calls_.end(); ++call) {
      if (result.id.empty() ? !name.empty() && call->name != name : call->id != result.id) continue;
      result.id = call->id;
      result.name = call->name;
      open_calls_.erase(call);
      break;
    }
    if (result.id.empty()) {
      const bool tool = kind == "tool";
      const auto field = at("messages", index, tool ? "tool_call_id" : "name");
      return refuse(field + " must name the " + (tool ? "call" : "function") + " this is the result of", field);
    }
    read_content(content, result.content, texts_);
    if (!results_open_) out_.messages.push_back({.role = role::user});
    results_open_ = true;
    out_.messages.back().parts.push_back(std::move(result));
    return done{};
  }

  neutral::request& out_;
  neutral::arena& texts_;
  struct open_call {
    json_text name, id;
  };
  std::vector<open_call> open_calls_;   // of the assistant's last turn, without a result so far
  int calls_ = 0;
  bool results_open_ = false;    // the last message is one of results
};

void read_function(std::string_view function, neutral::tool& out) {
  json::members walk(function);
  for (json::member m; walk.next(m);) {
    if (m.name == "name") out.name = m.value;
    else if (m.name == "description") out.description = unless_null(m.value);
    else if (m.name == "parameters") out.parameters = unless_null(m.value);
    else if (m.name == "strict") out.strict = unless_null(m.value);
  }
}

[[nodiscard]] outcome read_tools(std::string_view list, std::string_view field, neutral::request& out) {
  if (!json::is_array(list)) return refuse(std::string(field) + " must be a list", std::string(field));
  json::elements walk(list);
  std::size_t index = 0;
  for (std::string_view entry; walk.next(entry); ++index) {
    neutral::tool tool;
    const auto type = json::inside(json::find(entry, "type"));
    const auto function = json::find(entry, "function");
    if (field == "functions") {
      read_function(entry, tool);
    } else if (type == "function" || json::is_object(function)) {
      read_function(json::is_object(function) ? function : entry, tool);
    } else if (!type.empty()) {
      tool.kind = type;
      tool.original = entry;
      const auto custom = json::find(entry, "custom");
      tool.name = text_or_nothing(json::find(json::is_object(custom) ? custom : entry, "name"));
      tool.description = text_or_nothing(json::find(json::is_object(custom) ? custom : entry, "description"));
    }
    if (tool.kind.empty() && !json::has_text(tool.name))
      return refuse(at(field, index) + " must be a function with a name", at(field, index, field == "tools" ? "function.name" : "name"));
    tool.cache_control = unless_null(json::find(entry, "cache_control"));
    out.tools.push_back(tool);
  }
  return done{};
}

/// "none" | "auto" | "required" | "any" | {"type":"function"|"custom","…":{"name"}} | {"name"} |
/// {"type":"allowed_tools","allowed_tools":{"mode","tools":[…]}}
[[nodiscard]] outcome read_tool_choice(const json::member& m, neutral::request& out, neutral::arena& texts) {
  const auto mode = [&](std::string_view word) {
    if (word == "none") out.choice = tool_mode::none;
    else if (word == "auto") out.choice = tool_mode::automatic;
    else if (word == "required" || word == "any") out.choice = tool_mode::required;
    else return false;
    return true;
  };
  const auto wrong = [&] { return refuse(std::string(m.name) + " must be none, auto, required or name a tool", std::string(m.name)); };
  if (json::is_string(m.value)) return mode(json::inside(m.value)) ? outcome(done{}) : wrong();
  if (const auto allowed = json::find(m.value, "allowed_tools"); json::is_object(allowed)) {
    if (!mode(json::inside(json::find(allowed, "mode")))) return wrong();
    std::string names = "[";
    json::elements walk(json::find(allowed, "tools"));
    for (std::string_view entry; walk.next(entry);) {
      auto name = json::find(json::find(entry, "function"), "name");
      if (name.empty()) name = json::find(json::find(entry, "custom"), "name");
      if (name.empty()) name = json::find(entry, "name");
      if (!json::has_text(name)) continue;
      if (names.size() > 1) names += ',';
      names += name;
    }
    out.chosen_tool = texts.keep(names + "]");
    return done{};
  }
  auto name = json::find(m.value, "name");
  for (const std::string_view kind : {"function", "custom"})
    if (name.empty()) name = json::find(json::find(m.value, kind), "name");
  if (!json::has_text(name)) return wrong();
  out.choice = tool_mode::named;
  out.chosen_tool = name;
  return done{};
}

void read_response_format(std::string_view object, neutral::request& out) {
  const auto type = json::inside(json::find(object, "type"));
  if (type == "text") return;
  if (type == "json_object") {
    out.format.shape = neutral::output_shape::json_object;
  } else if (type == "json_schema") {
    out.format.shape = neutral::output_shape::json_schema;
    json::members walk(json::find(object, "json_schema"));
    for (json::member m; walk.next(m);) {
      if (m.name == "schema") out.format.schema = unless_null(m.value);
      else if (m.name == "name") out.format.name = unless_null(m.value);
      else if (m.name == "description") out.format.description = unless_null(m.value);
      else if (m.name == "strict") out.format.strict = unless_null(m.value);
    }
  } else {
    out.unknown.push_back("response_format");   // grammars of vLLM and the like
  }
}

/// OpenRouter's {"effort","max_tokens","exclude","enabled"}; Anthropic's and DeepSeek's {"type":"enabled"|"disabled","budget_tokens"}.
void read_reasoning(const json::member& field, neutral::request& out) {
  auto& wish = out.reasoning;
  wish.name = field.name == "thinking" ? "thinking" : "reasoning";
  json::members walk(field.value);
  for (json::member m; walk.next(m);) {
    if (m.name == "effort") wish.effort = text_or_nothing(m.value);
    else if (m.name == "summary") wish.summary = text_or_nothing(m.value);
    else if (m.name == "exclude") wish.show = m.value != "true";
    else if (m.name == "max_tokens" || m.name == "budget_tokens") {
      if (const auto tokens = json::as_count(m.value)) wish.budget = tokens;
    } else if (m.value == "false" || json::is_text(m.value, "disabled")) wish.budget = 0;
    else if (!wish.budget && (m.value == "true" || json::is_text(m.value, "enabled"))) wish.budget = -1;
  }
  if (!wish.effort.empty() && wish.budget == -1) wish.budget.reset();
}

/// Settings that only chat has; false: it is none.
[[nodiscard]] bool read_setting(const json::member& m, neutral::request& out) {
  struct row {
    std::string_view name;
    neutral::setting neutral::request::*into;
  };
  static constexpr row rows[] = {
      {"max_completion_tokens", &neutral::request::max_output_tokens}, {"logprobs", &neutral::request::logprobs},
      {"top_logprobs", &neutral::request::top_logprobs},               {"verbosity", &neutral::request::verbosity},
      {"prediction", &neutral::request::prediction},                   {"modalities", &neutral::request::modalities},
      {"audio", &neutral::request::audio},
  };
  for (const auto& row : rows)
    if (row.name == m.name) {
      out.*row.into = {m.value, row.name};
      return true;
    }
  return false;
}

}  // namespace

bool read_sampling(const json::member& m, neutral::request& out, neutral::arena& texts) {
  struct row {
    std::string_view name;
    neutral::setting neutral::request::*into;
  };
  static constexpr row rows[] = {
      {"temperature", &neutral::request::temperature},           {"top_p", &neutral::request::top_p},
      {"top_k", &neutral::request::top_k},                       {"seed", &neutral::request::seed},
      {"n", &neutral::request::choices},                         {"frequency_penalty", &neutral::request::frequency_penalty},
      {"presence_penalty", &neutral::request::presence_penalty}, {"logit_bias", &neutral::request::logit_bias},
      {"user", &neutral::request::user},                         {"metadata", &neutral::request::metadata},
      {"service_tier", &neutral::request::service_tier},         {"store", &neutral::request::store},
  };
  for (const auto& row : rows)
    if (row.name == m.name) {
      out.*row.into = {m.value, row.name};
      return true;
    }
  if (m.name == "stop") {
    if (json::is_string(m.value)) out.stop = {texts.keep("[" + std::string(m.value) + "]"), "stop"};
    else if (json::has_entries(m.value)) out.stop = {m.value, "stop"};
  } else if (m.name == "max_tokens") {
    if (!out.max_output_tokens) out.max_output_tokens = {m.value, "max_tokens"};   // max_completion_tokens goes first
  } else if (m.name == "stream") {
    out.stream = m.value == "true";
  } else if (m.name == "stream_options") {
    out.wants_usage = json::find(m.value, "include_usage") == "true";
  } else {
    return m.name == "model" || m.name == "fallbacks";
  }
  return true;
}

result<neutral::request> read_request(std::string_view body, neutral::arena& texts) {
  neutral::request out;
  bool usage_said = false;
  json::members walk(body.substr(json::skip_space(body, 0)));
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    outcome read = done{};
    usage_said |= m.name == "stream_options";
    if (m.name == "messages") read = conversation(out, texts).read(m.value);
    else if (m.name == "tools" || m.name == "functions") read = read_tools(m.value, m.name, out);
    else if (m.name == "tool_choice" || m.name == "function_call") read = read_tool_choice(m, out, texts);
    else if (m.name == "parallel_tool_calls") out.parallel_tool_calls = m.value == "true";
    else if (m.name == "response_format") read_response_format(m.value, out);
    else if (m.name == "reasoning_effort") out.reasoning.effort = text_or_nothing(m.value), out.reasoning.name = "reasoning_effort";
    else if (m.name == "reasoning" || m.name == "thinking") read_reasoning(m, out);
    else if (m.name == "include_reasoning") out.reasoning.show = m.value == "true", out.reasoning.name = "include_reasoning";
    else if (!read_setting(m, out) && !read_sampling(m, out, texts)) out.unknown.push_back(m.name);
    if (!read) return read.failure();
  }
  if (out.stream && !usage_said) out.wants_usage = false;
  if (!out.stream) out.wants_usage = true;
  return out;
}

}  // namespace switchyard::providers::chat

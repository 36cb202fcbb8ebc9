// Writes a request for a provider that speaks the responses API.
//
//   {"model","stream"?,"instructions"?,"input":[item],"tools"?,"tool_choice"?,"text"?,"reasoning"?,…}
//
// The leading system messages become `instructions`; later ones stay in `input` at their place. `store` defaults to false: a router
// leaves nothing behind that it was not asked to, and reasoning then comes back in full, which `include` asks for.
#include "providers/openai/responses.hpp"

#include <algorithm>
#include <initializer_list>

namespace switchyard::providers::responses {

namespace {

using neutral::message;
using neutral::part;
using neutral::part_kind;
using neutral::role;
using neutral::tool_mode;

class request_writer {
 public:
  request_writer(const neutral::request& what, std::string& out, neutral::dropped_fields& dropped)
      : what_(what), body_(out), dropped_(dropped) {}

  void write(std::string_view model) {
    for (const auto name : what_.unknown)
      if (original(name.substr(0, name.find('.'))).empty()) dropped_.add(name);
    body_.begin_object();
    body_.text("model", model);
    if (what_.stream) body_.boolean("stream", true);
    write_conversation();
    write_tools();
    write_format();
    write_reasoning();
    write_settings();
    body_.end_object();
  }

 private:
  /// A member of a responses request that has no neutral form, as the client sent it.
  [[nodiscard]] json_text original(std::string_view name) const noexcept {
    for (const auto& member : what_.originals)
      if (member.name == name) return member.value;
    return {};
  }

  // ---- messages

  [[nodiscard]] static bool is_text_only(const message& m) noexcept {
    return std::all_of(m.parts.begin(), m.parts.end(), [](const part& p) { return p.kind == part_kind::text; });
  }

  void write_conversation() {
    std::size_t first = 0;
    std::string instructions;
    for (; first < what_.messages.size(); ++first) {
      const auto& m = what_.messages[first];
      if (m.role != role::system || !is_text_only(m)) break;
      if (first > 0) instructions += "\\n\\n";
      for (const auto& p : m.parts) instructions += json::inside(p.text);
    }
    if (first == what_.messages.size() && first > 0) first = 0;   // instructions alone are no input
    if (first > 0) body_.raw("instructions", '"' + instructions + '"');
    body_.key("input");
    body_.begin_array();
    for (; first < what_.messages.size(); ++first) write_message(what_.messages[first]);
    body_.end_array();
  }

  /// One item for what is said, one for everything else, in order.
  void write_message(const message& m) {
    if (!m.name.empty()) dropped_.add("messages.name");
    bool open = false;
    const auto close = [&] {
      if (!open) return;
      body_.end_array();
      body_.end_object();
      open = false;
    };
    for (const auto& p : m.parts) {
      if (p.kind == part_kind::cache_point || (p.kind == part_kind::foreign && !writes_foreign(p))) {
        dropped_.add(p.kind == part_kind::cache_point ? std::string_view("cache_point") : foreign_name(p));
        continue;
      }
      if (is_item(p, m.role)) {
        close();
        write_item(p);
        continue;
      }
      if (!open) {
        body_.begin_object();
        body_.text("role", role_name(m.role));
        body_.key("content");
        body_.begin_array();
        open = true;
      }
      write_part(p, m.role == role::assistant);
    }
    close();
  }

  [[nodiscard]] static std::string_view role_name(role who) noexcept {
    switch (who) {
      case role::system: return "system";
      case role::developer: return "developer";
      case role::user: return "user";
      case role::assistant: return "assistant";
    }
    return "user";
  }

  [[nodiscard]] static std::string_view foreign_name(const part& p) noexcept {
    const auto name = json::inside(p.name);
    return name.empty() ? std::string_view("messages.content") : name;
  }
  [[nodiscard]] static bool writes_foreign(const part& p) noexcept {
    return is_hosted_item(json::inside(json::find(p.original, "type")));
  }
  [[nodiscard]] static bool is_item(const part& p, role who) noexcept {
    if (p.kind == part_kind::reasoning) return who == role::assistant;
    return p.kind == part_kind::tool_call || p.kind == part_kind::tool_result || p.kind == part_kind::redacted_reasoning ||
           p.kind == part_kind::foreign;
  }

  void write_item(const part& p) {
    switch (p.kind) {
      case part_kind::tool_call: return write_call(p);
      case part_kind::tool_result: return write_result(p);
      case part_kind::reasoning: return write_reasoning_item(p);
      case part_kind::redacted_reasoning: return dropped_.add("redacted_thinking");   // another provider's secret
      default: body_.raw(p.original);
    }
  }

  void write_reasoning_item(const part& p) {
    const auto sealed = p.signature.empty() ? p.data : p.signature;
    if (sealed.empty()) return dropped_.add("reasoning");   // OpenAI takes no thoughts without their seal
    body_.begin_object();
    body_.text("type", "reasoning");
    body_.raw_if("id", p.id);
    body_.key("summary");
    body_.begin_array();
    if (json::has_text(p.text)) write_text("summary_text", "text", p.text);
    body_.end_array();
    body_.raw("encrypted_content", sealed);
    body_.end_object();
  }

  void write_call(const part& call) {
    const auto tool = find_client_tool(&what_, call.name, texts_);
    if (tool.shape != tool_shape::function) shaped_calls_.push_back({call.id, tool.shape});
    body_.begin_object();
    body_.text("type", call_type(tool.shape));
    body_.raw_if("call_id", call.id);
    switch (tool.shape) {
      case tool_shape::function:
        body_.raw("name", json::or_empty(tool.name));   // a client may have left it out
        body_.raw_if("namespace", tool.space);
        if (json::is_string(call.arguments)) body_.raw("arguments", call.arguments);
        else body_.text("arguments", call.arguments.empty() ? std::string_view("{}") : call.arguments);
        break;
      case tool_shape::custom: {
        body_.raw("name", json::or_empty(tool.name));   // a client may have left it out
        body_.raw_if("namespace", tool.space);
        const auto input = json::is_string(call.arguments) ? call.arguments : json::find(call.arguments, "input");
        body_.raw("input", json::is_string(input) ? input : json_text("\"\""));
        break;
      }
      default:
        if (tool.shape == tool_shape::local_shell) body_.raw_if("id", call.id);   // required there
        body_.text("status", "completed");
        write_action(body_, tool.shape, call.arguments);
    }
    body_.end_object();
  }

  void write_result(const part& result) {
    auto shape = tool_shape::function;
    for (const auto& call : shaped_calls_)
      if (call.id == result.id) shape = call.shape;
    // The other shapes' results have a form of their own; a function's is taken for their calls, too.
    if (shape != tool_shape::custom) shape = tool_shape::function;
    if (result.is_error) dropped_.add("messages.is_error");
    body_.begin_object();
    body_.text("type", output_type(shape));
    body_.raw_if("call_id", result.id);
    body_.key("output");
    if (result.content.size() == 1 && result.content.front().kind == part_kind::text) {
      body_.raw(result.content.front().text);
    } else if (result.content.empty()) {
      body_.text("");
    } else {
      body_.begin_array();
      for (const auto& p : result.content) {
        if (p.kind == part_kind::foreign || p.kind == part_kind::cache_point) dropped_.add(foreign_name(p));
        else write_part(p, false);
      }
      body_.end_array();
    }
    body_.end_object();
  }

  void write_text(std::string_view type, std::string_view name, json_text text) {
    body_.begin_object();
    body_.text("type", type);
    body_.raw(name, text.empty() ? json_text("\"\"") : text);
    body_.end_object();
  }

  void write_part(const part& p, bool from_assistant) {
    if (!p.cache_control.empty()) dropped_.add("cache_control");
    switch (p.kind) {
      case part_kind::text:
        if (!p.citations.empty()) dropped_.add("messages.citations");
        return write_text(from_assistant ? "output_text" : "input_text", "text", p.text);
      case part_kind::refusal: return from_assistant ? write_text("refusal", "refusal", p.text) : write_text("input_text", "text", p.text);
      case part_kind::reasoning: return write_text("input_text", "text", p.text);
      case part_kind::image:
        if (from_assistant) return dropped_.add("messages.image");   // OpenAI takes pictures from users only
        body_.begin_object();
        body_.text("type", "input_image");
        write_source(p, "image_url", "image_url", "image/png");
        body_.raw("detail", p.detail.empty() ? json_text("\"auto\"") : p.detail);
        return body_.end_object();
      case part_kind::file:
        if (from_assistant) return dropped_.add("messages.file");
        if (!p.text.empty() && p.data.empty() && p.url.empty() && p.file_id.empty()) return write_text("input_text", "text", p.text);
        body_.begin_object();
        body_.text("type", "input_file");
        if (!p.data.empty()) body_.raw("filename", p.name.empty() ? json_text("\"document.pdf\"") : p.name);   // data needs one
        write_source(p, "file_data", "file_url", "application/pdf");
        return body_.end_object();
      case part_kind::audio: return write_audio(p);
      case part_kind::video: return dropped_.add("messages.video");
      default: return;
    }
  }

  void write_source(const part& p, std::string_view data_name, std::string_view url_name, std::string_view default_type) {
    if (!p.file_id.empty()) return body_.raw("file_id", p.file_id);
    if (p.data.empty()) return body_.raw_if(url_name, p.url);
    body_.key(data_name);
    auto& text = body_.str();
    const auto type = json::inside(p.media_type);
    text += "\"data:";
    text += type.empty() ? default_type : type;
    text += ";base64,";
    text += json::inside(p.data);
    text += '"';
    body_.placed();
  }

  void write_audio(const part& p) {
    if (p.data.empty()) return dropped_.add("messages.audio");
    auto format = json::inside(p.media_type);
    format = format.substr(format.find('/') + 1);
    if (format == "mpeg") format = "mp3";
    if (format == "x-wav") format = "wav";
    body_.begin_object();
    body_.text("type", "input_audio");
    body_.key("input_audio");
    body_.begin_object();
    body_.raw("data", p.data);
    body_.text("format", format);
    body_.end_object();
    body_.end_object();
  }

  // ---- settings

  void write_tools() {
    if (!what_.tools.empty()) {
      body_.key("tools");
      body_.begin_array();
      json_text last;   // a namespace stands behind each of its tools, and is written once
      for (const auto& tool : what_.tools) {
        if (!tool.cache_control.empty()) dropped_.add("cache_control");
        if (!tool.stands_for.empty()) {
          if (tool.stands_for.data() != last.data()) body_.raw(tool.stands_for);
          last = tool.stands_for;
        } else if (!tool.kind.empty()) {
          write_hosted(tool);
        } else {
          write_function(tool);
        }
      }
      body_.end_array();
    }
    switch (what_.choice) {
      case tool_mode::unset: break;
      case tool_mode::automatic: body_.text("tool_choice", "auto"); break;
      case tool_mode::none: body_.text("tool_choice", "none"); break;
      case tool_mode::required:
        if (json::is_array(what_.chosen_tool)) write_allowed();
        else body_.text("tool_choice", "required");
        break;
      case tool_mode::named: write_named(what_.chosen_tool); break;
    }
    if (what_.parallel_tool_calls) body_.boolean("parallel_tool_calls", *what_.parallel_tool_calls);
  }

  void write_hosted(const neutral::tool& tool) {
    // Only what is in this format's own form: {"type":"web_search", …}; Anthropic's types carry a date, Gemini's tools have none.
    if (json::is_text(json::find(tool.original, "type"), tool.kind) && !what_.originals.empty()) return body_.raw(tool.original);
    dropped_.add("tools." + std::string(tool.kind));
  }

  void write_function(const neutral::tool& tool) {
    body_.begin_object();
    body_.text("type", "function");
    body_.raw("name", tool.name);
    body_.raw_if("description", tool.description);
    body_.raw("parameters", tool.parameters.empty() ? json_text(R"({"type":"object","properties":{}})") : tool.parameters);
    body_.raw("strict", tool.strict.empty() ? json_text("false") : tool.strict);   // OpenAI's default would rewrite the schema
    body_.end_object();
  }

  void write_choice_of(json_text name) {
    const auto tool = find_client_tool(&what_, name, texts_);
    body_.begin_object();
    const auto own_name = function_name(tool.shape);
    body_.text("type", tool.shape == tool_shape::custom ? "custom" : own_name.empty() ? "function" : json::inside(own_name));
    if (own_name.empty()) body_.raw("name", tool.name);
    body_.raw_if("namespace", tool.space);
    body_.end_object();
  }
  void write_named(json_text name) {
    body_.key("tool_choice");
    write_choice_of(name);
  }
  void write_allowed() {
    body_.key("tool_choice");
    body_.begin_object();
    body_.text("type", "allowed_tools");
    body_.text("mode", "required");
    body_.key("tools");
    body_.begin_array();
    json::elements walk(what_.chosen_tool);
    for (std::string_view name; walk.next(name);) write_choice_of(name);
    body_.end_array();
    body_.end_object();
  }

  void write_format() {
    const auto& format = what_.format;
    const auto own = original("text");
    if (format.shape == neutral::output_shape::text && !what_.verbosity && own.empty()) return;
    body_.key("text");
    body_.begin_object();
    if (format.shape != neutral::output_shape::text) {
      body_.key("format");
      body_.begin_object();
      const bool has_schema = format.shape == neutral::output_shape::json_schema;
      body_.text("type", has_schema ? "json_schema" : "json_object");
      if (has_schema) {
        body_.raw("name", format.name.empty() ? json_text("\"answer\"") : format.name);   // required
        body_.raw("schema", format.schema.empty() ? json_text("{}") : format.schema);
        body_.raw_if("description", format.description);
        body_.raw_if("strict", format.strict);
      }
      body_.end_object();
    }
    body_.raw_if("verbosity", what_.verbosity.value);
    write_others(own, {"format", "verbosity"});
    body_.end_object();
  }

  /// Budgets in tokens become OpenAI's steps: off, up to 2,048 low, up to 8,192 medium, else high.
  [[nodiscard]] static json_text effort_of(const neutral::reasoning_wish& wish) noexcept {
    if (!wish.effort.empty() || !wish.budget || *wish.budget < 0) return wish.effort;
    if (*wish.budget == 0) return "\"none\"";
    return *wish.budget <= 2048 ? "\"low\"" : *wish.budget <= 8192 ? "\"medium\"" : "\"high\"";
  }

  void write_reasoning() {
    const auto effort = effort_of(what_.reasoning);
    const bool show = !what_.reasoning.summary.empty() || what_.reasoning.show.value_or(false);
    const auto own = original("reasoning");
    if (effort.empty() && !show && own.empty()) return;
    body_.key("reasoning");
    body_.begin_object();
    body_.raw_if("effort", effort);
    if (show) body_.raw("summary", what_.reasoning.summary.empty() ? json_text("\"auto\"") : what_.reasoning.summary);
    write_others(own, {"effort", "summary", "generate_summary"});
    body_.end_object();
  }

  /// The members of a group that have no neutral form, as the client sent them.
  void write_others(json_text group, std::initializer_list<std::string_view> known) {
    json::members walk(group);
    for (json::member m; walk.next(m);)
      if (!json::is_null(m.value) && std::find(known.begin(), known.end(), m.name) == known.end()) body_.raw(m.name, m.value);
  }

  void write_settings() {
    body_.raw_if("max_output_tokens", what_.max_output_tokens.value);
    body_.raw_if("temperature", what_.temperature.value);
    body_.raw_if("top_p", what_.top_p.value);
    body_.raw_if("metadata", what_.metadata.value);
    body_.raw_if("service_tier", what_.service_tier.value);
    body_.raw_if("user", what_.user.value);
    body_.raw_if("top_logprobs", what_.top_logprobs.value);
    body_.raw("store", what_.store ? what_.store.value : json_text("false"));
    if (what_.originals.empty()) {
      body_.key("include");
      body_.begin_array();
      body_.text("reasoning.encrypted_content");
      if (what_.logprobs && what_.logprobs.value != "false") body_.text("message.output_text.logprobs");
      body_.end_array();
    } else {
      body_.raw_if("include", original("include"));
    }
    for (const auto name : what_.unknown) body_.raw_if(name, original(name));
    for (const auto* each : {&what_.top_k, &what_.stop, &what_.seed, &what_.frequency_penalty, &what_.presence_penalty, &what_.logit_bias,
                             &what_.prediction, &what_.modalities, &what_.audio, &what_.safety_settings, &what_.cached_content,
                             &what_.guardrail, &what_.performance})
      dropped_.add_if(*each);
  }

  struct shaped_call {
    json_text id;
    tool_shape shape;
  };
  const neutral::request& what_;
  json::out body_;
  neutral::dropped_fields& dropped_;
  neutral::arena texts_;
  std::vector<shaped_call> shaped_calls_;
};

}  // namespace

outcome write_request(const neutral::request& what, const write_target& where, std::string& out, neutral::dropped_fields& dropped) {
  if (auto no = refuse_unanswerable(what, answers_per_request::one)) return *std::move(no);
  request_writer(what, out, dropped).write(where.model);
  return done{};
}

}  // namespace switchyard::providers::responses

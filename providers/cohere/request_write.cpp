// Writing a translated request for Cohere's chat.
//
//   neutral                        cohere
//   system, developer              messages of role system
//   tool results                   messages of role tool, before the rest of the turn; images in them follow as the user's
//   thoughts                       beside tool calls and unsigned: tool_plan; else dropped
//   tool choice                    REQUIRED, NONE; one tool or a list of them: only those are listed
//   top_p, top_k, stop             p (at most 0.99), k, stop_sequences (at most 5)
//   penalties                      0 to 1: what is outside is cut and reported
//   effort                         a budget: low 1024, medium 4096, high 16384 tokens, leaving a quarter of the output limit
//   JSON mode and schema           response_format json_object, with json_schema
#include "providers/cohere/chat.hpp"
#include "providers/openai/chat.hpp"

#include <algorithm>
#include <cstdlib>

namespace switchyard::providers::cohere {

using neutral::message;
using neutral::output_shape;
using neutral::part;
using neutral::part_kind;
using neutral::role;
using neutral::setting;
using neutral::tool_mode;

namespace {

class request_writer {
 public:
  request_writer(const neutral::request& what, const write_target& where, json::out& out, neutral::dropped_fields& dropped)
      : what_(what), where_(where), out_(out), dropped_(dropped) {}

  void write() {
    for (const auto name : what_.unknown) dropped_.add(name);
    out_.begin_object();
    out_.text("model", where_.model);
    out_.key("messages"), out_.begin_array();
    for (const auto& each : what_.messages) {
      if (each.role == role::assistant) write_assistant(each);
      else write_turn(each);
    }
    out_.end_array();
    write_tools();
    write_format();
    write_thinking();
    write_settings();
    out_.boolean("stream", what_.stream);
    out_.end_object();
  }

 private:
  // ---- messages

  [[nodiscard]] static bool is_text(const part& p) noexcept {
    return p.kind == part_kind::text || p.kind == part_kind::refusal || (p.kind == part_kind::file && !p.text.empty());
  }

  /// What a part that cannot be said is called in x-switchyard-dropped.
  void drop(const part& p) {
    switch (p.kind) {
      case part_kind::audio: return dropped_.add("messages.audio");
      case part_kind::video: return dropped_.add("messages.video");
      case part_kind::file: return dropped_.add("messages.file");
      case part_kind::image: return dropped_.add("messages.image");
      case part_kind::cache_point: return dropped_.add("messages.cache_point");
      case part_kind::reasoning:
      case part_kind::redacted_reasoning: return dropped_.add("messages.reasoning");
      case part_kind::foreign: return dropped_.add("messages." + json::unescape(p.name));
      default: return dropped_.add("messages.part");
    }
  }
  void drop_marks(const part& p) {
    if (!p.cache_control.empty()) dropped_.add("messages.cache_control");
  }

  void begin(std::string_view who) {
    out_.begin_object();
    out_.text("role", who);
  }

  void write_joined(const std::vector<const part*>& texts, std::string_view between) {
    out_.place();
    auto& into = out_.str();
    into += '"';
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i != 0) into += between;
      into += json::inside(texts[i]->text);
    }
    into += '"';
    out_.placed();
  }

  void write_turn(const message& from) {
    std::vector<const part*> rest;
    bool has_results = false, has_images = false;
    const auto take = [&](const part& p) {
      drop_marks(p);
      const bool is_image = p.kind == part_kind::image && (!p.data.empty() || !p.url.empty());
      if (!is_text(p) && !is_image) return drop(p);
      has_images |= is_image;
      rest.push_back(&p);
    };
    for (const auto& p : from.parts) {
      if (p.kind != part_kind::tool_result) continue;
      has_results = true;
      write_result(p, take);
    }
    for (const auto& p : from.parts)
      if (p.kind != part_kind::tool_result) take(p);
    if (!from.name.empty()) dropped_.add("messages.name");
    if (rest.empty() && has_results) return;
    begin(from.role == role::user ? "user" : "system");
    out_.key("content");
    if (has_images) write_parts(rest);
    else write_joined(rest, "\\n\\n");
    out_.end_object();
  }

  template <class Take>
  void write_result(const part& result, Take&& take) {
    std::vector<const part*> texts;
    for (const auto& p : result.content) {
      if (is_text(p)) texts.push_back(&p);
      else take(p);
    }
    drop_marks(result);
    if (result.is_error) dropped_.add("messages.tool_result.is_error");
    begin("tool");
    out_.raw_if("tool_call_id", result.id);
    out_.key("content");
    if (texts.empty() && !result.content.empty()) out_.text("The result follows in the next message.");
    else write_joined(texts, "\\n\\n");
    out_.end_object();
  }

  void write_parts(const std::vector<const part*>& parts) {
    out_.begin_array();
    for (const auto* p : parts) {
      out_.begin_object();
      if (p->kind == part_kind::image) {
        out_.raw("type", "\"image_url\"");
        out_.key("image_url"), out_.begin_object();
        out_.key("url");
        if (p->data.empty()) out_.raw(p->url);
        else chat::write_data_url(*p, "image/png", out_);
        out_.raw_if("detail", p->detail);
        out_.end_object();
      } else {
        out_.raw("type", "\"text\"");
        out_.raw("text", json::or_empty(p->text));
      }
      out_.end_object();
    }
    out_.end_array();
  }

  void write_assistant(const message& from) {
    std::vector<const part*> texts, thoughts, calls;
    for (const auto& p : from.parts) {
      drop_marks(p);
      if (!p.citations.empty()) dropped_.add("messages.citations");
      if (is_text(p)) texts.push_back(&p);
      else if (p.kind == part_kind::tool_call) calls.push_back(&p);
      else if (p.kind == part_kind::reasoning && json::has_text(p.text) && p.signature.empty()) thoughts.push_back(&p);
      else drop(p);
    }
    begin("assistant");
    if (!texts.empty() || calls.empty()) out_.key("content"), write_joined(texts, "");
    if (calls.empty()) {
      if (!thoughts.empty()) dropped_.add("messages.reasoning");
    } else {
      if (!thoughts.empty()) out_.key("tool_plan"), write_joined(thoughts, "");
      out_.key("tool_calls"), out_.begin_array();
      for (const auto* call : calls) chat::write_tool_call(*call, -1, false, out_);
      out_.end_array();
    }
    out_.end_object();
  }

  // ---- tools

  [[nodiscard]] bool is_listed(const neutral::tool& tool) const noexcept {
    if (what_.chosen_tool.empty()) return true;
    if (!json::is_array(what_.chosen_tool)) return what_.choice != tool_mode::named || tool.name == what_.chosen_tool;
    json::elements walk(what_.chosen_tool);
    for (std::string_view name; walk.next(name);)
      if (name == tool.name) return true;
    return false;
  }

  void write_tools() {
    std::size_t count = 0, strict = 0;
    for (const auto& tool : what_.tools) {
      if (!tool.kind.empty()) {
        dropped_.add("tools." + std::string(tool.kind));
        continue;
      }
      if (!is_listed(tool)) continue;
      if (count++ == 0) out_.key("tools"), out_.begin_array();
      if (!tool.cache_control.empty()) dropped_.add("tools.cache_control");
      strict += tool.strict == "true";
      out_.begin_object();
      out_.raw("type", "\"function\"");
      out_.key("function"), out_.begin_object();
      out_.raw("name", tool.name);
      out_.raw_if("description", tool.description);
      out_.raw("parameters", tool.parameters.empty() ? json_text(R"({"type":"object","properties":{}})") : tool.parameters);
      out_.end_object(), out_.end_object();
    }
    if (count == 0) return;
    out_.end_array();
    if (strict == count) out_.boolean("strict_tools", true);
    else if (strict != 0) dropped_.add("tools.strict");   // all or none
    if (what_.choice == tool_mode::none) out_.text("tool_choice", "NONE");
    else if (what_.choice == tool_mode::required || what_.choice == tool_mode::named) out_.text("tool_choice", "REQUIRED");
    if (what_.parallel_tool_calls && !*what_.parallel_tool_calls) dropped_.add("parallel_tool_calls");
  }

  // ---- settings

  void write_format() {
    if (what_.format.shape == output_shape::text) return;
    out_.key("response_format"), out_.begin_object();
    out_.text("type", "json_object");
    if (what_.format.shape == output_shape::json_schema) out_.raw_if("json_schema", what_.format.schema);
    out_.end_object();
  }

  void write_thinking() {
    const auto& wish = what_.reasoning;
    if (!wish.given()) return;
    if (!wish.summary.empty()) dropped_.add(std::string(wish.name) + ".summary");
    const auto effort = json::inside(wish.effort);
    auto budget = wish.budget;
    if (!budget && effort == "none") budget = 0;
    else if (!budget && !effort.empty()) budget = effort == "low" || effort == "minimal" ? 1024 : effort == "medium" ? 4096 : 16'384;
    if (!budget) return;   // whether thoughts are shown is not asked
    if (const auto limit = json::as_count(what_.max_output_tokens.value); limit && *budget > 0) budget = std::max<std::int64_t>(1, std::min(*budget, *limit * 3 / 4));
    out_.key("thinking"), out_.begin_object();
    out_.text("type", *budget == 0 ? "disabled" : "enabled");
    if (*budget > 0) out_.number("token_budget", *budget);
    out_.end_object();
  }

  /// A number between two bounds; what is outside is cut and reported.
  void write_within(std::string_view name, const setting& what, double least, std::string_view least_text, double most, std::string_view most_text) {
    if (!what) return;
    const double value = std::strtod(std::string(what.value).c_str(), nullptr);
    const bool low = value < least, high = value > most;
    if (low || high) dropped_.add_if(what);
    out_.raw(name, low ? least_text : high ? most_text : what.value);
  }

  void write_settings() {
    out_.raw_if("max_tokens", what_.max_output_tokens.value);
    out_.raw_if("temperature", what_.temperature.value);
    write_within("p", what_.top_p, 0.01, "0.01", 0.99, "0.99");
    out_.raw_if("k", what_.top_k.value);
    out_.raw_if("seed", what_.seed.value);
    write_within("frequency_penalty", what_.frequency_penalty, 0, "0", 1, "1");
    write_within("presence_penalty", what_.presence_penalty, 0, "0", 1, "1");
    if (what_.stop) {
      constexpr int most = 5;
      int count = 0;
      out_.key("stop_sequences"), out_.begin_array();
      json::elements walk(what_.stop.value);
      for (std::string_view entry; walk.next(entry);) {
        if (++count <= most) out_.raw(entry);
        else dropped_.add_if(what_.stop);
      }
      out_.end_array();
    }
    if (what_.logprobs.value != "false") dropped_.add_if(what_.logprobs);
    if (what_.store.value != "false") dropped_.add_if(what_.store);   // nothing is stored anyway
    for (const auto* other : {&what_.top_logprobs, &what_.logit_bias, &what_.user, &what_.metadata, &what_.verbosity, &what_.prediction, &what_.modalities,
                              &what_.audio, &what_.safety_settings, &what_.cached_content, &what_.guardrail, &what_.performance})
      dropped_.add_if(*other);
    if (const auto tier = what_.service_tier.value; tier != "\"auto\"" && tier != "\"default\"") dropped_.add_if(what_.service_tier);
  }

  const neutral::request& what_;
  const write_target& where_;
  json::out& out_;
  neutral::dropped_fields& dropped_;
};

}  // namespace

outcome write_request(const neutral::request& what, const write_target& where, std::string& into, neutral::dropped_fields& dropped) {
  if (auto no = refuse_unanswerable(what, answers_per_request::one)) return *std::move(no);
  json::out out(into);
  request_writer(what, where, out, dropped).write();
  return done{};
}

}  // namespace switchyard::providers::cohere

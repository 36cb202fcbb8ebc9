// Writing the messages of a translated chat request.
//
//   neutral                          chat
//   system, developer                the same; "system" for both where the provider is not OpenAI itself
//   user's tool results              messages of role tool, before the rest of the turn; images and files in them follow as the user's parts
//   assistant's thoughts             as the provider takes them (config/presets.hpp), else dropped as "messages.reasoning"
//   several texts                    OpenAI: a list of parts; others: one string, blank lines between (none in the assistant's own)
#include "config/presets.hpp"
#include "providers/openai/chat.hpp"

#include <algorithm>

namespace switchyard::providers::chat {

using neutral::json_text;
using neutral::part;
using neutral::part_kind;
using neutral::role;

namespace {

[[nodiscard]] std::string_view role_text(role who, bool original) noexcept {
  switch (who) {
    case role::system: return "\"system\"";
    case role::developer: return original ? "\"developer\"" : "\"system\"";   // the family at large knows no developer
    case role::user: return "\"user\"";
    case role::assistant: break;
  }
  return "\"assistant\"";
}

/// OpenAI refuses ids of more than 64 characters: longer ones are hashed (FNV-1a), a call's and its result's alike.
[[nodiscard]] json_text fitting_id(json_text id, std::string& made) {
  constexpr std::size_t longest = 64;
  if (id.size() <= longest + 2) return id;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  constexpr std::string_view digits = "0123456789abcdef";
  made = "\"call_";
  for (int shift = 60; shift >= 0; shift -= 4) made += digits[hash >> shift & 15];
  return made += '"';
}

/// "audio/x-wav" -> "wav": what input_audio calls a format.
[[nodiscard]] std::string audio_format(json_text media_type) {
  const std::string type = json::unescape(media_type);
  if (type.empty() || type.find("wav") != std::string::npos) return "wav";
  if (type == "audio/mpeg" || type == "audio/mp3" || type == "audio/mpga") return "mp3";
  const auto slash = type.find('/');
  return slash == std::string::npos ? type : type.substr(slash + 1);
}

class message_writer {
 public:
  message_writer(const neutral::request& what, const config::provider_preset& rules, json::out& out, neutral::dropped_fields& dropped)
      : what_(what), rules_(rules), out_(out), dropped_(dropped) {}

  void write() {
    out_.begin_array();
    for (const auto& message : what_.messages) {
      if (message.role == role::assistant)
        write_assistant(message);
      else
        write_turn(message);
    }
    out_.end_array();
  }

 private:
  void begin(const neutral::message& message) {
    out_.begin_object();
    out_.raw("role", role_text(message.role, rules_.original));
    out_.raw_if("name", message.name);
  }

  // What others say.

  void write_turn(const neutral::message& message) {
    std::vector<const part*> rest;
    std::vector<const part*> attached;
    bool has_results = false;
    for (const auto& p : message.parts) {
      if (p.kind == part_kind::tool_result)
        write_result(p, attached), has_results = true;
      else
        rest.push_back(&p);
    }
    rest.insert(rest.begin(), attached.begin(), attached.end());
    std::erase_if(rest, [&](const part* p) { return !can_say(*p); });
    if (rest.empty() && has_results) return;
    begin(message);
    out_.key("content");
    write_content(rest);
    out_.end_object();
  }

  /// A tool's message holds text only: what else came back goes into the user's next message.
  void write_result(const part& result, std::vector<const part*>& attached) {
    std::vector<const part*> text;
    const auto before = attached.size();
    for (const auto& p : result.content) {
      if (is_text(p))
        text.push_back(&p);
      else if (can_say(p))
        attached.push_back(&p);
    }
    if (result.is_error) dropped_.add("messages.tool_result.is_error");
    if (!result.cache_control.empty() && !rules_.takes_cache_control) dropped_.add("messages.cache_control");
    out_.begin_object();
    out_.raw("role", "\"tool\"");
    std::string made;
    out_.raw_if("tool_call_id", fitting_id(result.id, made));
    out_.key("content");
    if (text.empty() && attached.size() > before)
      out_.text("The result follows in the next message.");
    else
      write_content(text);
    out_.end_object();
  }

  [[nodiscard]] static bool is_text(const part& p) noexcept {
    return p.kind == part_kind::text || p.kind == part_kind::refusal || (p.kind == part_kind::file && !p.text.empty());
  }

  /// Can a user's message carry it? What it cannot is noted as dropped.
  [[nodiscard]] bool can_say(const part& p) {
    bool can = false;
    std::string_view name;
    switch (p.kind) {
      case part_kind::text:
      case part_kind::refusal: return true;
      case part_kind::image: can = !p.data.empty() || !p.url.empty(), name = "messages.image"; break;
      case part_kind::audio: can = !p.data.empty(), name = "messages.audio"; break;
      case part_kind::video: can = !rules_.original && (!p.data.empty() || !p.url.empty()), name = "messages.video"; break;
      case part_kind::file:
        can = !p.data.empty() || !p.text.empty() || !p.file_id.empty() || (!p.url.empty() && !rules_.original);
        name = "messages.file";
        break;
      case part_kind::cache_point: name = "messages.cache_point"; break;
      case part_kind::reasoning:
      case part_kind::redacted_reasoning: name = "messages.reasoning"; break;
      case part_kind::tool_call: name = "messages.tool_call"; break;
      case part_kind::tool_result: name = "messages.tool_result"; break;
      case part_kind::foreign: dropped_.add("messages." + json::unescape(p.name)); return false;
    }
    if (!can) dropped_.add(name);
    return can;
  }

  void write_content(const std::vector<const part*>& parts) {
    bool only_text = true;
    bool marks = false;
    for (const auto* p : parts) {
      only_text &= is_text(*p);
      marks |= !p->cache_control.empty();
    }
    if (marks && !rules_.takes_cache_control) dropped_.add("messages.cache_control");
    marks &= rules_.takes_cache_control;
    if (only_text && !marks && (parts.size() <= 1 || !rules_.original)) return write_joined(parts, "\\n\\n");
    out_.begin_array();
    for (const auto* p : parts) write_part(*p);
    out_.end_array();
  }

  void write_joined(const std::vector<const part*>& parts, std::string_view between) {
    out_.place();
    auto& text = out_.str();
    text += '"';
    bool first = true;
    for (const auto* p : parts) {
      if (!first) text += between;
      first = false;
      text += json::inside(p->text);
    }
    text += '"';
    out_.placed();
  }

  void write_part(const part& p) {
    out_.begin_object();
    switch (p.kind) {
      case part_kind::image:
        out_.raw("type", "\"image_url\"");
        out_.key("image_url"), out_.begin_object();
        write_url(p, "image/png");
        out_.raw_if("detail", p.detail);
        out_.end_object();
        break;
      case part_kind::video:
        out_.raw("type", "\"video_url\"");
        out_.key("video_url"), out_.begin_object();
        write_url(p, "video/mp4");
        out_.end_object();
        break;
      case part_kind::audio:
        out_.raw("type", "\"input_audio\"");
        out_.key("input_audio"), out_.begin_object();
        out_.raw("data", p.data);
        out_.text("format", audio_format(p.media_type));
        out_.end_object();
        break;
      case part_kind::file:
        if (!p.text.empty()) {
          write_text(p);
        } else {
          out_.raw("type", "\"file\"");
          out_.key("file"), out_.begin_object();
          write_file(p);
          out_.end_object();
        }
        break;
      default: write_text(p);
    }
    if (rules_.takes_cache_control) out_.raw_if("cache_control", p.cache_control);
    out_.end_object();
  }

  void write_text(const part& p) {
    out_.raw("type", "\"text\"");
    out_.raw("text", p.text.empty() ? json_text("\"\"") : p.text);
  }

  void write_url(const part& p, std::string_view default_type) {
    out_.key("url");
    if (p.data.empty())
      out_.raw(p.url);
    else
      write_data_url(p, default_type, out_);
  }

  void write_file(const part& p) {
    if (p.data.empty() && p.url.empty()) return out_.raw("file_id", p.file_id);
    // The API wants a name beside the data; PDFs are what it is for.
    out_.raw("filename", p.name.empty() ? json_text("\"document.pdf\"") : p.name);
    out_.key("file_data");
    if (p.data.empty())
      out_.raw(p.url);
    else
      write_data_url(p, "application/pdf", out_);
  }

  // What the model said.

  void write_assistant(const neutral::message& message) {
    begin(message);
    std::vector<const part*> text, refusal, thoughts, calls;
    const part* spoken = nullptr;
    for (const auto& p : message.parts) {
      switch (p.kind) {
        case part_kind::text: text.push_back(&p); break;
        case part_kind::refusal: refusal.push_back(&p); break;
        case part_kind::reasoning:
        case part_kind::redacted_reasoning: thoughts.push_back(&p); break;
        case part_kind::tool_call: calls.push_back(&p); break;
        case part_kind::audio:
          if (spoken == nullptr && !p.id.empty()) spoken = &p;
          else dropped_.add("messages.audio");
          break;
        case part_kind::foreign: dropped_.add("messages." + json::unescape(p.name)); break;
        default: dropped_.add(p.kind == part_kind::image ? "messages.image" : p.kind == part_kind::cache_point ? "messages.cache_point" : "messages.file");
      }
      if (!p.cache_control.empty()) dropped_.add("messages.cache_control");
      if (!p.citations.empty()) dropped_.add("messages.citations");
    }
    const bool in_content = rules_.thoughts == config::thoughts_field::thinking_parts && std::any_of(thoughts.begin(), thoughts.end(), has_words);
    out_.key("content");
    if (in_content)
      write_thinking_parts(thoughts, text);
    else if (text.empty() && (!calls.empty() || !refusal.empty() || spoken != nullptr))
      out_.null();
    else
      write_joined(text, "");
    if (!refusal.empty()) out_.key("refusal"), write_joined(refusal, "");
    if (!in_content) write_thoughts(thoughts);
    if (spoken != nullptr) out_.key("audio"), out_.begin_object(), out_.raw("id", spoken->id), out_.end_object();
    if (!calls.empty()) {
      out_.key("tool_calls"), out_.begin_array();
      for (const auto* given : calls) {
        std::string made;
        part call = *given;
        call.id = fitting_id(call.id, made);
        write_tool_call(call, -1, rules_.original && is_custom(call), out_);
      }
      out_.end_array();
    }
    out_.end_object();
  }

  [[nodiscard]] static bool has_words(const part* p) noexcept { return p->kind == part_kind::reasoning && json::has_text(p->text); }

  void write_thoughts(const std::vector<const part*>& thoughts) {
    if (thoughts.empty()) return;
    if (rules_.thoughts != config::thoughts_field::content) return dropped_.add("messages.reasoning");
    std::vector<const part*> words;
    bool proofs = false;
    for (const auto* p : thoughts) {
      if (has_words(p)) words.push_back(p);
      proofs |= p->kind == part_kind::redacted_reasoning || !p->signature.empty();
    }
    if (!words.empty()) out_.key("reasoning_content"), write_joined(words, "");
    if (!proofs) return;
    out_.key("reasoning_details"), out_.begin_array();
    std::int64_t index = 0;
    for (const auto* p : thoughts) write_reasoning_detail(*p, p->text, p->signature, index++, out_);
    out_.end_array();
  }

  void write_thinking_parts(const std::vector<const part*>& thoughts, const std::vector<const part*>& text) {
    out_.begin_array();
    for (const auto* p : thoughts) {
      if (!has_words(p)) continue;
      out_.begin_object();
      out_.raw("type", "\"thinking\"");
      out_.key("thinking"), out_.begin_array(), out_.begin_object();
      write_text(*p);
      out_.end_object(), out_.end_array(), out_.end_object();
    }
    for (const auto* p : text) out_.begin_object(), write_text(*p), out_.end_object();
    out_.end_array();
  }

  [[nodiscard]] bool is_custom(const part& call) const noexcept {
    return json::is_string(call.arguments) && std::any_of(what_.tools.begin(), what_.tools.end(), [&](const neutral::tool& tool) {
             return tool.kind == "custom" && tool.name == call.name;
           });
  }

  const neutral::request& what_;
  const config::provider_preset& rules_;
  json::out& out_;
  neutral::dropped_fields& dropped_;
};

}  // namespace

void write_messages(const neutral::request& what, const write_target& where, json::out& out, neutral::dropped_fields& dropped) {
  message_writer(what, config::family_row(where.provider), out, dropped).write();
}

}  // namespace switchyard::providers::chat

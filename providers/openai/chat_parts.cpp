// Reading the pieces that requests and answers have in common (grammar: chat.hpp).
#include "providers/json_document.hpp"
#include "providers/openai/chat.hpp"

namespace switchyard::providers::chat {

using neutral::json_text;
using neutral::part;
using neutral::part_kind;

namespace {

[[nodiscard]] std::string in_quotes(std::string_view inside) {
  std::string out;
  out.reserve(inside.size() + 2);
  out += '"';
  out += inside;
  out += '"';
  return out;
}

/// "mp3" -> "audio/mpeg": formats are file endings, media types are not.
[[nodiscard]] json_text audio_type(std::string_view format, neutral::arena& texts) {
  const auto name = json::inside(format);
  if (name.empty() || name == "wav") return "\"audio/wav\"";
  if (name == "mp3") return "\"audio/mpeg\"";
  return texts.keep("\"audio/" + std::string(name) + "\"");
}

/// "image_url": {"url"} or the URL itself, as Mistral takes it.
[[nodiscard]] std::string_view url_of(std::string_view value) noexcept { return json::is_object(value) ? json::find(value, "url") : value; }

void place_url(std::string_view url, part& out, neutral::arena& texts) {
  if (!split_data_url(url, out, texts)) out.url = text_or_nothing(url);
}

void read_file(std::string_view file, part& out, neutral::arena& texts) {
  json::members walk(file);
  for (json::member m; walk.next(m);) {
    if (m.name == "file_id") {
      out.file_id = text_or_nothing(m.value);
    } else if (m.name == "filename") {
      out.name = text_or_nothing(m.value);
    } else if (m.name == "file_data" && json::has_text(m.value)) {
      const auto data = json::inside(m.value);
      if (data.starts_with("http")) {
        out.url = m.value;   // OpenRouter
      } else if (!split_data_url(m.value, out, texts)) {
        out.data = m.value;
        out.media_type = "\"application/pdf\"";   // the only kind OpenAI takes so
      }
    }
  }
}

/// Mistral's thoughts: [{"type":"text","text"}…], joined.
[[nodiscard]] json_text joined_texts(std::string_view list, neutral::arena& texts) {
  if (json::is_string(list)) return list;
  json_text only;
  std::string all;
  int count = 0;
  json::elements walk(list);
  for (std::string_view entry; walk.next(entry);) {
    const auto text = json::find(entry, "text");
    if (!json::is_string(text)) continue;
    if (++count == 1) only = text;
    all += json::inside(text);
  }
  return count <= 1 ? only : json_text(texts.keep(in_quotes(all)));
}

/// Thoughts under whatever name, without repeating what two members say.
void read_thoughts(std::string_view plain, std::string_view details, std::vector<part>& out, neutral::arena&) {
  const std::size_t first = out.size();
  bool has_text = false;
  json::elements walk(details);
  for (std::string_view entry; walk.next(entry);) {
    part one = read_reasoning_detail(entry);
    if (one.kind == part_kind::text) continue;
    has_text |= json::has_text(one.text);
    // A signature may stand in an entry of its own, after its text.
    if (one.kind == part_kind::reasoning && one.text.empty() && out.size() > first && out.back().kind == part_kind::reasoning &&
        out.back().signature.empty())
      out.back().signature = one.signature;
    else
      out.push_back(one);
  }
  if (has_text || !json::has_text(plain)) return;
  for (std::size_t i = first; i < out.size(); ++i)
    if (out[i].kind == part_kind::reasoning) return void(out[i].text = plain);
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(first), part{.kind = part_kind::reasoning, .text = plain});
}

void read_tool_call(std::string_view object, std::vector<part>& out, int& calls, neutral::arena& texts) {
  part call{.kind = part_kind::tool_call, .arguments = "{}"};
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (m.name == "id") {
      call.id = text_or_nothing(m.value);
    } else if (m.name == "function") {
      call.name = json::find(m.value, "name");
      call.arguments = read_arguments(json::find(m.value, "arguments"), texts);
    } else if (m.name == "custom") {
      call.name = json::find(m.value, "name");
      if (const auto input = json::find(m.value, "input"); json::is_string(input)) call.arguments = input;
    }
  }
  call.signature = google_signature(object);
  if (call.id.empty()) call.id = made_up_call_id(call.name, calls++, texts);
  out.push_back(call);
}

}  // namespace

json_text made_up_call_id(std::string_view name, int n, neutral::arena& texts) {
  return texts.keep("\"call_" + std::string(json::inside(name)) + "_" + std::to_string(n) + "\"");
}

bool split_data_url(std::string_view url, part& out, neutral::arena& texts) {
  const auto inside = json::inside(url);
  if (!inside.starts_with("data:")) return false;
  const auto comma = inside.find(',');
  if (comma == std::string_view::npos) return false;
  std::string type = json::unescape(in_quotes(inside.substr(5, comma - 5)));
  constexpr std::string_view base64 = ";base64";
  if (!type.ends_with(base64)) return false;
  type.resize(type.size() - base64.size());
  out.media_type = type.empty() ? json_text("\"application/octet-stream\"") : texts.quote(type.substr(0, type.find(';')));
  out.data = texts.keep(in_quotes(inside.substr(comma + 1)));
  return true;
}

json_text read_arguments(std::string_view value, neutral::arena& texts) {
  if (json::is_object(value)) return value;   // some send the object itself
  if (!json::is_string(value)) return "{}";
  std::string text = json::unescape(value);
  if (json::skip_space(text, 0) == text.size()) return "{}";
  json::document document;
  if (!document.parse_copy(text) || !document.root().is_object()) return value;
  return texts.keep(std::move(text));
}

json_text google_signature(std::string_view object) noexcept {
  const auto extra = json::find(object, "extra_content");
  if (!json::is_object(extra)) return {};
  return text_or_nothing(json::find(json::find(extra, "google"), "thought_signature"));
}

part read_reasoning_detail(std::string_view detail) {
  part out;
  std::string_view type;
  json::members walk(detail);
  for (json::member m; walk.next(m);) {
    if (m.name == "type") type = json::inside(m.value);
    else if (m.name == "text" || m.name == "summary") out.text = text_or_nothing(m.value);
    else if (m.name == "signature") out.signature = text_or_nothing(m.value);
    else if (m.name == "data") out.data = text_or_nothing(m.value);
    else if (m.name == "id") out.id = text_or_nothing(m.value);
  }
  if (type == "reasoning.encrypted") {
    if (!out.data.empty()) out.kind = part_kind::redacted_reasoning;
  } else if (!out.text.empty() || !out.signature.empty()) {
    out.kind = part_kind::reasoning;
  }
  return out;
}

part read_content_part(std::string_view object, neutral::arena& texts) {
  part out;
  if (json::is_string(object)) {   // lenient, as most servers are
    out.text = object;
    return out;
  }
  const auto kind = json::find(object, "type");
  const auto type = json::inside(kind);
  out.cache_control = unless_null(json::find(object, "cache_control"));
  if (type == "text" || type == "input_text" || type == "output_text") {
    out.text = json::find(object, "text");
    if (json::is_string(out.text)) return out;
  } else if (type == "image_url") {
    out.kind = part_kind::image;
    const auto image = json::find(object, "image_url");
    place_url(url_of(image), out, texts);
    out.detail = text_or_nothing(json::find(json::is_object(image) ? image : object, "detail"));
    return out;
  } else if (type == "input_audio") {
    out.kind = part_kind::audio;
    const auto audio = json::find(object, "input_audio");
    const auto data = json::find(audio, "data");
    if (!split_data_url(data, out, texts)) {
      out.data = text_or_nothing(data);
      out.media_type = audio_type(json::find(audio, "format"), texts);
    }
    return out;
  } else if (type == "video_url") {
    out.kind = part_kind::video;
    place_url(url_of(json::find(object, "video_url")), out, texts);
    return out;
  } else if (type == "file") {
    out.kind = part_kind::file;
    const auto file = json::find(object, "file");
    read_file(json::is_object(file) ? file : object, out, texts);
    return out;
  } else if (type == "document_url") {   // Mistral
    out.kind = part_kind::file;
    place_url(url_of(json::find(object, "document_url")), out, texts);
    out.name = text_or_nothing(json::find(object, "document_name"));
    return out;
  } else if (type == "refusal") {
    out.kind = part_kind::refusal;
    out.text = json::find(object, "refusal");
    if (json::is_string(out.text)) return out;
  } else if (type == "thinking") {   // Mistral
    out.kind = part_kind::reasoning;
    out.text = joined_texts(json::find(object, "thinking"), texts);
    out.signature = text_or_nothing(json::find(object, "signature"));
    return out;
  }
  out = part{.kind = part_kind::foreign, .name = kind.empty() ? json_text("\"part\"") : kind, .original = object};
  return out;
}

void read_content(std::string_view content, std::vector<part>& out, neutral::arena& texts) {
  if (json::is_string(content)) {
    out.push_back(part{.kind = part_kind::text, .text = content});
    return;
  }
  json::elements walk(content);
  for (std::string_view entry; walk.next(entry);) out.push_back(read_content_part(entry, texts));
}

void read_assistant(std::string_view message, std::vector<part>& out, int& calls, neutral::arena& texts) {
  std::string_view content, refusal, thoughts, details, tool_calls, function_call, audio, images, annotations;
  json::members walk(message);
  for (json::member m; walk.next(m);) {
    if (m.name == "content") content = m.value;
    else if (m.name == "refusal") refusal = m.value;
    else if ((m.name == "reasoning_content" || m.name == "reasoning") && json::has_text(m.value)) thoughts = m.value;
    else if (m.name == "reasoning_details") details = m.value;
    else if (m.name == "tool_calls") tool_calls = m.value;
    else if (m.name == "function_call") function_call = m.value;
    else if (m.name == "audio") audio = m.value;
    else if (m.name == "images") images = m.value;
    else if (m.name == "annotations") annotations = m.value;
  }
  read_thoughts(thoughts, details, out, texts);
  // A text that is empty says nothing beside tool calls; alone it is the answer.
  const std::size_t first = out.size();
  if (json::has_text(content) || (json::is_string(content) && !json::has_entries(tool_calls) && !json::has_entries(function_call)))
    out.push_back(part{.kind = part_kind::text, .text = content});
  else if (json::is_array(content))
    read_content(content, out, texts);
  if (json::has_entries(annotations))
    for (std::size_t i = first; i < out.size(); ++i)
      if (out[i].kind == part_kind::text) {
        out[i].citations = annotations;
        break;
      }
  if (json::has_text(refusal)) out.push_back(part{.kind = part_kind::refusal, .text = refusal});
  json::elements pictures(images);
  for (std::string_view entry; pictures.next(entry);) out.push_back(read_content_part(entry, texts));
  if (json::is_object(audio))
    out.push_back(part{.kind = part_kind::audio, .text = text_or_nothing(json::find(audio, "transcript")),
                       .data = text_or_nothing(json::find(audio, "data")), .id = text_or_nothing(json::find(audio, "id")), .original = audio});
  const std::size_t first_call = out.size();
  json::elements walk_calls(tool_calls);
  for (std::string_view entry; walk_calls.next(entry);) read_tool_call(entry, out, calls, texts);
  if (json::has_entries(function_call)) {
    const auto name = json::find(function_call, "name");
    out.push_back(part{.kind = part_kind::tool_call, .name = name, .id = made_up_call_id(name, calls++, texts),
                       .arguments = read_arguments(json::find(function_call, "arguments"), texts)});
  }
  // Google's endpoint signs the message; the signature belongs to its first call.
  if (const auto signature = google_signature(message); !signature.empty() && !out.empty()) {
    auto& signed_part = first_call < out.size() ? out[first_call] : out.back();
    if (signed_part.signature.empty()) signed_part.signature = signature;
  }
}

}  // namespace switchyard::providers::chat

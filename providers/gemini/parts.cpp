#include "providers/gemini/parts.hpp"

#include "providers/gemini/field.hpp"

#include <algorithm>

namespace switchyard::providers::gemini {

namespace {

using neutral::json_text;
using neutral::part_kind;

struct hosted_kind {
  std::string_view name;
  json_text quoted;
};
constexpr hosted_kind hosted[] = {{"executableCode", R"("executableCode")"},
                                  {"codeExecutionResult", R"("codeExecutionResult")"},
                                  {"toolCall", R"("toolCall")"},
                                  {"toolResponse", R"("toolResponse")"}};

[[nodiscard]] const hosted_kind* find_hosted(std::string_view name) noexcept {
  for (const auto& row : hosted)
    if (is_field(name, row.name)) return &row;
  return nullptr;
}

struct media_type {
  std::string_view ending;
  json_text type;
};
constexpr media_type media_types[] = {
    {".png", R"("image/png")"},   {".jpg", R"("image/jpeg")"}, {".jpeg", R"("image/jpeg")"},     {".webp", R"("image/webp")"},
    {".gif", R"("image/gif")"},   {".heic", R"("image/heic")"}, {".mp3", R"("audio/mp3")"},       {".wav", R"("audio/wav")"},
    {".ogg", R"("audio/ogg")"},   {".flac", R"("audio/flac")"}, {".mp4", R"("video/mp4")"},       {".mov", R"("video/quicktime")"},
    {".webm", R"("video/webm")"}, {".pdf", R"("application/pdf")"}, {".txt", R"("text/plain")"},  {".md", R"("text/markdown")"},
    {".csv", R"("text/csv")"},    {".html", R"("text/html")"}};

/// By the URL's ending, its query left aside; empty: unknown.
[[nodiscard]] json_text type_of_url(std::string_view url) noexcept {
  url = url.substr(0, url.find_first_of("?#"));
  for (const auto& row : media_types)
    if (url.ends_with(row.ending)) return row.type;
  return {};
}

/// What is sent where nobody said: providers refuse media without a type.
[[nodiscard]] json_text default_type(part_kind kind) noexcept {
  switch (kind) {
    case part_kind::image: return R"("image/jpeg")";
    case part_kind::audio: return R"("audio/wav")";
    case part_kind::video: return R"("video/mp4")";
    default: return R"("application/pdf")";
  }
}

[[nodiscard]] part_kind kind_of_media(json_text type) noexcept {
  const auto name = json::inside(type);
  if (name.starts_with("image")) return part_kind::image;
  if (name.starts_with("audio")) return part_kind::audio;
  if (name.starts_with("video")) return part_kind::video;
  return part_kind::file;
}

void read_file(std::string_view object, neutral::part& out) {
  const auto uri = find_field(object, "fileUri");
  out.media_type = find_field(object, "mimeType");
  out.name = find_field(object, "displayName");
  const auto text = json::inside(uri);
  const bool kept_by_google =
      text.starts_with("gs:") || text.starts_with("files/") || text.find("generativelanguage.googleapis.com") != std::string_view::npos;
  (kept_by_google ? out.file_id : out.url) = uri;
  if (out.media_type.empty()) out.media_type = type_of_url(text);
  out.kind = kind_of_media(out.media_type);
  if (out.media_type.empty() && (text.find("youtube.com/") != std::string_view::npos || text.find("youtu.be/") != std::string_view::npos))
    out.kind = part_kind::video;
}

/// {"result":S}, {"output":S} and {"error":S} are a text; anything else is the object's own JSON.
void read_response(std::string_view response, neutral::arena& texts, neutral::part& out) {
  auto& text = out.content.emplace_back();
  text.kind = part_kind::text;
  json::members walk(response);
  json::member first, second;
  if (walk.next(first) && !walk.next(second) && json::is_string(first.value)) {
    out.is_error = first.name == "error";
    if (out.is_error || first.name == "result" || first.name == "output") {
      text.text = first.value;
      return;
    }
  }
  text.text = texts.quote(response.empty() ? std::string_view("{}") : response);
}

[[nodiscard]] bool is_media(std::string_view object, neutral::part& out) {
  if (const auto data = find_field(object, "inlineData"); !data.empty()) {
    out.media_type = find_field(data, "mimeType");
    out.data = find_field(data, "data");
    out.name = find_field(data, "displayName");
    out.kind = kind_of_media(out.media_type);
    return true;
  }
  if (const auto file = find_field(object, "fileData"); !file.empty()) return read_file(file, out), true;
  return false;
}

void read_result(std::string_view object, neutral::arena& texts, call_ids& ids, std::string_view where, neutral::part& out,
                 std::vector<std::string_view>& unknown) {
  out.kind = part_kind::tool_result;
  json_text id, response, parts;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    if (m.name == "id") id = m.value;
    else if (m.name == "name") out.name = m.value;
    else if (m.name == "response") response = m.value;
    else if (m.name == "parts") parts = m.value;
    else unknown.push_back(texts.keep(std::string(where) + "functionResponse." + std::string(m.name)));
  }
  out.id = ids.of_result(out.name, id, texts);
  read_response(response, texts, out);
  for_each(parts, [&](std::string_view part) {
    if (neutral::part media; is_media(part, media)) out.content.push_back(std::move(media));
    return true;
  });
}

[[nodiscard]] json_text made_id(std::string_view base, std::size_t n, neutral::arena& texts) {
  std::string id = "\"call_";
  for (const char c : base)
    id += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ? c : '_';
  return texts.keep(id + '_' + std::to_string(n) + '"');
}

}  // namespace

json_text call_ids::of_call(json_text function, json_text given, neutral::arena& texts) {
  if (!json::has_text(given)) given = made_id(base_.empty() ? json::inside(function).substr(0, longest_base) : base_, made_++, texts);
  if (base_.empty()) open_.push_back({function, given});
  return given;
}

json_text call_ids::of_result(json_text function, json_text given, neutral::arena& texts) {
  const bool has_id = json::has_text(given);
  const auto call = std::find_if(open_.begin(), open_.end(),
                                 [&](const open_call& open) { return has_id ? open.id == given : open.function == function; });
  if (call == open_.end()) return has_id ? given : made_id(json::inside(function).substr(0, longest_base), made_++, texts);
  const auto id = call->id;
  open_.erase(call);
  return id;
}

bool read_part(std::string_view object, neutral::arena& texts, call_ids& ids, std::string_view where, neutral::part& out,
               std::vector<std::string_view>& unknown) {
  json_text text, call, result;
  bool thought = false;
  const hosted_kind* own = nullptr;
  bool media = false;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    if (m.name == "text") text = m.value;
    else if (m.name == "thought") thought = m.value == "true";
    else if (is_field(m.name, "thoughtSignature")) out.signature = m.value;
    else if (is_field(m.name, "functionCall")) call = m.value;
    else if (is_field(m.name, "functionResponse")) result = m.value;
    else if (is_field(m.name, "inlineData") || is_field(m.name, "fileData")) media = true;
    else if (const auto* row = find_hosted(m.name); row != nullptr) own = row;
    else unknown.push_back(texts.keep(std::string(where) + std::string(m.name)));   // videoMetadata, mediaResolution, partMetadata, …
  }
  if (!call.empty()) {
    out.kind = part_kind::tool_call;
    out.name = find_field(call, "name");
    out.id = ids.of_call(out.name, find_field(call, "id"), texts);
    out.arguments = find_field(call, "args");
    if (out.arguments.empty()) out.arguments = "{}";
  } else if (!result.empty()) {
    read_result(result, texts, ids, where, out, unknown);
  } else if (own != nullptr) {
    out.kind = part_kind::foreign;
    out.name = own->quoted;
    out.original = object;
  } else if (media) {
    return is_media(object, out);
  } else if (json::is_string(text) || !out.signature.empty()) {
    const bool only_signature = !json::has_text(text) && !out.signature.empty();
    out.kind = thought || only_signature ? part_kind::reasoning : part_kind::text;
    out.text = json::or_empty(text);
  } else {
    return false;
  }
  return true;
}

bool is_base64(json_text value) noexcept {
  if (!json::has_text(value)) return false;
  const auto inside = json::inside(value);
  return std::all_of(inside.begin(), inside.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '-' || c == '_' || c == '=';
  });
}

void write_text(json_text text, bool thought, json_text signature, json::out& out) {
  out.begin_object();
  out.raw("text", json::or_empty(text));
  if (thought) out.boolean("thought", true);
  if (is_base64(signature)) out.raw("thoughtSignature", signature);
  out.end_object();
}

void write_call(json_text id, json_text name, json_text arguments, json_text signature, json::out& out) {
  out.begin_object();
  out.key("functionCall");
  out.begin_object();
  out.raw_if("id", id);
  out.raw("name", json::or_empty(name));
  out.key("args");
  if (arguments.empty() || json::is_object(arguments)) {
    out.raw(arguments.empty() ? json_text("{}") : arguments);
  } else {
    out.begin_object();
    out.raw("input", arguments);
    out.end_object();
  }
  out.end_object();
  if (is_base64(signature)) out.raw("thoughtSignature", signature);
  out.end_object();
}

bool write_media(const neutral::part& part, json::out& out) {
  auto data = json::inside(part.data);
  auto type_inside = json::inside(part.media_type);
  const auto url = json::inside(part.url.empty() ? part.file_id : part.url);
  const auto take_data_url = [&](std::string_view text) {
    const auto comma = text.find(',');
    if (!text.starts_with("data:") || comma == std::string_view::npos) return;
    const auto head = text.substr(5, comma - 5);
    if (!head.ends_with(";base64")) return;
    type_inside = head.substr(0, head.find(';'));
    data = text.substr(comma + 1);
  };
  take_data_url(data.empty() ? url : data);
  const bool inline_data = !data.empty();
  if (!inline_data) {
    const bool is_uri = url.starts_with("https:") || url.starts_with("http:") || url.starts_with("gs:") || url.starts_with("files/");
    if (!is_uri) return false;
    if (type_inside.empty()) type_inside = json::inside(type_of_url(url));
  }
  if (type_inside.empty()) type_inside = json::inside(default_type(part.kind));
  const auto quoted = [&](std::string_view name, std::string_view inside) {
    out.key(name);
    out.place();
    out.str().append("\"").append(inside).append("\"");
    out.placed();
  };
  out.begin_object();
  out.key(inline_data ? "inlineData" : "fileData");
  out.begin_object();
  quoted("mimeType", type_inside);
  quoted(inline_data ? "data" : "fileUri", inline_data ? data : url);
  out.end_object();
  out.end_object();
  return true;
}

bool is_picture(std::string_view inline_data) noexcept { return json::inside(find_field(inline_data, "mimeType")).starts_with("image/"); }

std::int64_t count_pictures(std::string_view candidates) noexcept {
  std::int64_t count = 0;
  for_each(candidates, [&](std::string_view candidate) {
    for_each(find_field(find_field(candidate, "content"), "parts"), [&](std::string_view part) {
      count += is_picture(find_field(part, "inlineData"));
      return true;
    });
    return true;
  });
  return count;
}

bool is_own(const neutral::part& part) noexcept {
  const auto is_its = [&](const hosted_kind& row) { return row.quoted == part.name; };
  return std::any_of(std::begin(hosted), std::end(hosted), is_its) && json::is_object(part.original);
}

}  // namespace switchyard::providers::gemini

// One table of formats; and base64, which AWS's clients decode and encode strictly.
#include "providers/bedrock/converse.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::converse {

namespace {

struct format_row {
  media kind;
  std::string_view format;                 ///< Bedrock's
  std::string_view quoted;                 ///< the media type it is read as, a JSON string
  std::string_view also = {};              ///< another type that is the same
};

// Where several rows share a media type, the first is written.
constexpr format_row formats[] = {
    {media::image, "png", "\"image/png\""},
    {media::image, "jpeg", "\"image/jpeg\"", "image/jpg"},
    {media::image, "gif", "\"image/gif\""},
    {media::image, "webp", "\"image/webp\""},
    {media::document, "pdf", "\"application/pdf\"", "application/x-pdf"},
    {media::document, "txt", "\"text/plain\""},
    {media::document, "md", "\"text/markdown\"", "text/x-markdown"},
    {media::document, "csv", "\"text/csv\"", "application/csv"},
    {media::document, "html", "\"text/html\""},
    {media::document, "doc", "\"application/msword\""},
    {media::document, "docx", "\"application/vnd.openxmlformats-officedocument.wordprocessingml.document\""},
    {media::document, "xls", "\"application/vnd.ms-excel\""},
    {media::document, "xlsx", "\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet\""},
    {media::video, "mp4", "\"video/mp4\""},
    {media::video, "mov", "\"video/quicktime\"", "video/mov"},
    {media::video, "mkv", "\"video/x-matroska\""},
    {media::video, "webm", "\"video/webm\""},
    {media::video, "flv", "\"video/x-flv\"", "video/flv"},
    {media::video, "mpeg", "\"video/mpeg\""},
    {media::video, "mpg", "\"video/mpeg\"", "video/mpg"},
    {media::video, "wmv", "\"video/x-ms-wmv\"", "video/wmv"},
    {media::video, "three_gp", "\"video/3gpp\"", "video/3gp"},
    {media::audio, "wav", "\"audio/wav\"", "audio/x-wav"},
    {media::audio, "mp3", "\"audio/mpeg\"", "audio/mp3"},
    {media::audio, "flac", "\"audio/flac\""},
    {media::audio, "ogg", "\"audio/ogg\""},
    {media::audio, "opus", "\"audio/opus\""},
    {media::audio, "aac", "\"audio/aac\""},
    {media::audio, "m4a", "\"audio/mp4\"", "audio/m4a"},
    {media::audio, "mp4", "\"audio/mp4\""},
    {media::audio, "webm", "\"audio/webm\""},
    {media::audio, "pcm", "\"audio/pcm\"", "audio/pcm16"},
    {media::audio, "mpeg", "\"audio/mpeg\""},
    {media::audio, "mpga", "\"audio/mpeg\""},
    {media::audio, "mka", "\"audio/x-matroska\""},
    {media::audio, "mkv", "\"audio/x-matroska\""},
    {media::audio, "x-aac", "\"audio/aac\""},
};

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<signed char, 256> make_values() noexcept {
  std::array<signed char, 256> out{};
  for (auto& value : out) value = -1;
  for (std::size_t i = 0; i < letters.size(); ++i) out[static_cast<unsigned char>(letters[i])] = static_cast<signed char>(i);
  return out;
}
constexpr auto values = make_values();

[[nodiscard]] signed char value_of(char c) noexcept { return values[static_cast<unsigned char>(c)]; }

/// Precondition: is_base64(text).
[[nodiscard]] std::string decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = bits << 6 | static_cast<std::uint32_t>(value_of(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  return out;
}

[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept { return equal_ignoring_case(a, b); }

constexpr std::string_view wrapper = "switchyard:";

}  // namespace

neutral::json_text media_type_of(media kind, neutral::json_text format, neutral::arena& texts) {
  const auto name = json::inside(format);
  for (const auto& row : formats)
    if (row.kind == kind && row.format == name) return row.quoted;
  if (name.empty()) return {};
  constexpr std::string_view tops[] = {"image/", "application/", "video/", "audio/"};
  return texts.keep("\"" + std::string(tops[static_cast<std::size_t>(kind)]) + std::string(name) + "\"");
}

std::string_view format_of(media kind, std::string_view media_type) noexcept {
  media_type = media_type.substr(0, media_type.find(';'));
  while (media_type.ends_with(' ')) media_type.remove_suffix(1);
  for (const auto& row : formats)
    if (row.kind == kind && (same_word(json::inside(row.quoted), media_type) || (!row.also.empty() && same_word(row.also, media_type))))
      return row.format;
  // Whatever is text can be read as text: source code, JSON, logs.
  constexpr std::string_view text_like[] = {"application/json", "application/xml", "application/x-yaml", "application/yaml", "application/javascript"};
  const bool is_text = media_type.starts_with("text/") || std::find(std::begin(text_like), std::end(text_like), media_type) != std::end(text_like);
  return kind == media::document && is_text ? "txt" : "";
}

std::string_view format_of_name(media kind, std::string_view name) noexcept {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto ending = name.substr(dot + 1);
  if (kind == media::image && same_word(ending, "jpg")) return "jpeg";
  if (kind == media::document && same_word(ending, "htm")) return "html";
  for (const auto& row : formats)
    if (row.kind == kind && same_word(row.format, ending)) return row.format;
  return {};
}

std::optional<media> media_of(std::string_view media_type) noexcept {
  if (media_type.starts_with("image/")) return media::image;
  if (media_type.starts_with("video/")) return media::video;
  if (media_type.starts_with("audio/")) return media::audio;
  return std::nullopt;
}

std::string document_name(std::string_view wanted) {
  constexpr std::size_t longest = 200;
  if (!format_of_name(media::document, wanted).empty()) wanted = wanted.substr(0, wanted.rfind('.'));   // the format says that already
  std::string out;
  for (const char c : wanted) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '(' || c == ')' ||
                       c == '[' || c == ']';
    if (plain)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
    if (out.size() == longest) break;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out.empty() ? "document" : out;
}

bool is_base64(std::string_view text) noexcept {
  if (text.size() % 4 != 0) return false;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return std::all_of(text.begin(), text.end(), [](char c) { return value_of(c) >= 0; });
}

void append_base64(std::string& out, std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) : 0u; };
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t bits = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    out += letters[bits >> 18 & 63];
    out += letters[bits >> 12 & 63];
    out += at + 1 < bytes.size() ? letters[bits >> 6 & 63] : '=';
    out += at + 2 < bytes.size() ? letters[bits & 63] : '=';
  }
}

neutral::json_text wrapped_blob(neutral::json_text data, neutral::arena& texts) {
  if (is_base64(json::inside(data))) return data;
  std::string out = "\"";
  append_base64(out, std::string(wrapper) + std::string(json::inside(data)));
  out += '"';
  return texts.keep(std::move(out));
}

neutral::json_text unwrapped_blob(neutral::json_text data, neutral::arena& texts) {
  constexpr std::string_view wrapper_as_base64 = "c3dpdGNoeWFyZD";   // whatever follows "switchyard:" changes what comes after this
  const auto text = json::inside(data);
  if (!text.starts_with(wrapper_as_base64) || !is_base64(text)) return data;
  const auto whole = decoded(text);
  if (!whole.starts_with(wrapper)) return data;
  std::string back = "\"" + whole.substr(wrapper.size()) + "\"";
  // It was the inside of a JSON string; whoever made one up himself gets it as he sent it.
  return json::skip_value(back, 0) == back.size() ? texts.keep(std::move(back)) : data;
}

}  // namespace switchyard::providers::converse

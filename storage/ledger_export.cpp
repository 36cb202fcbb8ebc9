// Ledger rows as JSON lines and CSV (RFC 4180): the contract's columns, in its order.
#include "storage/ledger_row.hpp"

#include <ctime>

namespace switchyard::storage {

namespace {

/// Bytes of the UTF-8 character that `text` begins with; 0: it begins with none.
std::size_t character_size(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const auto first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0, surrogate = first == 0xED && byte(1) >= 0xA0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90, beyond = first == 0xF4 && byte(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// Tags come out of head fields, which may hold any bytes: what is no UTF-8 becomes U+FFFD.
void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto size = character_size(text);
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    if (size == 0) {
      out += "\xEF\xBF\xBD";
    } else if (size > 1) {
      out += text.substr(0, size);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      constexpr char hex[] = "0123456789abcdef";
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

// Quoted where needed. A text that a spreadsheet would run as a formula is kept as it is: `model` and tags are the user's own words.
void append_csv_text(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

/// "2026-11-26T14:10:49.123456Z"
std::string time_text(std::int64_t at_us) {
  const std::time_t whole = static_cast<std::time_t>(at_us / 1'000'000);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char text[48];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string out(text, length);
  const auto fraction = std::to_string(1'000'000 + at_us % 1'000'000);
  return out + "." + fraction.substr(1) + "Z";
}

std::string tags_json(const std::map<std::string, std::string>& tags) {
  std::string out = "{";
  for (const auto& [name, value] : tags) {
    if (out.size() > 1) out += ',';
    append_json_text(out, name);
    out += ':';
    append_json_text(out, value);
  }
  return out + "}";
}

}  // namespace

// `emit(name, text, quoted)` once per column.
template <class Emit>
static void each_column(const ledger_row& row, Emit emit) {
  const auto& what = row.what;
  emit("id", row.id.to_string(), true);
  emit("request_id", what.id.request.to_string(), true);
  emit("attempt", std::to_string(what.id.attempt), false);
  emit("at", time_text(row.at_us), true);
  emit("node", row.id.node, true);
  emit("route", what.parties.route, true);
  emit("provider", what.parties.provider, true);
  emit("model", what.parties.model, true);
  emit("key", what.parties.key, true);
  emit("virtual_key", what.parties.virtual_key, true);
  emit("tags", tags_json(what.parties.tags), false);
  emit("input_tokens", std::to_string(what.input_tokens), false);
  emit("output_tokens", std::to_string(what.output_tokens), false);
  emit("cached_tokens", std::to_string(what.cached_tokens), false);
  emit("cost_usd", format_usd(what.cost.value_or(0)), true);
  emit("saved_usd", format_usd(what.saved), true);
  emit("outcome", std::string(to_string(what.outcome)), true);
  emit("cache", what.cache, true);
}

void append_jsonl(std::string& out, const ledger_row& row) {
  bool first = true;
  each_column(row, [&](const char* name, const std::string& text, bool quoted) {
    out += first ? "{\"" : ",\"";
    first = false;
    out.append(name).append("\":");
    if (quoted)
      append_json_text(out, text);
    else
      out += text;
  });
  out += "}\n";
}

void append_csv(std::string& out, const ledger_row& row) {
  bool first = true;
  each_column(row, [&](const char*, const std::string& text, bool) {
    if (!first) out += ',';
    first = false;
    append_csv_text(out, text);
  });
  out += "\r\n";
}

std::string_view csv_head() noexcept {
  return "id,request_id,attempt,at,node,route,provider,model,key,virtual_key,tags,input_tokens,output_tokens,cached_tokens,cost_usd,saved_usd,outcome,cache\r\n";
}

}  // namespace switchyard::storage

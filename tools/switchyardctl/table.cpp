#include "tools/switchyardctl/table.hpp"

#include <algorithm>

namespace switchyard::ctl {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest_cut = 12;   // a last column is never cut below this

bool begins_code_point(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::string cut(const std::string& text, std::size_t width) {
  if (display_width(text) <= width) return text;
  std::size_t seen = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (begins_code_point(text[end]) && ++seen == width) break;
  }
  return text.substr(0, end) + "…";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte == '\n' || byte == '\r' || byte == '\t') {
      out += ' ';
    } else if (byte < 0x20 || byte == 0x7f) {
      out += '?';
    } else if (c1) {        // U+0080..U+009F are controls too
      out += '?';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::size_t display_width(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

std::string painted(std::string_view text, tone mood, bool colour) {
  std::string_view code;
  switch (mood) {
    case tone::plain: break;
    case tone::good: code = "32"; break;
    case tone::warning: code = "33"; break;
    case tone::bad: code = "31"; break;
    case tone::faint: code = "2"; break;
  }
  if (!colour || code.empty() || text.empty()) return std::string(text);
  return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
}

std::string render(const table& what, const table_style& style) {
  const std::size_t count = what.columns.size();
  if (count == 0) return {};

  std::vector<std::vector<cell>> lines;
  lines.emplace_back();
  for (const auto& c : what.columns) lines.back().push_back({printable(c.title), tone::faint});
  for (const auto& row : what.rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < count; ++i)
      line.push_back(i < row.size() ? cell{printable(row[i].text), row[i].mood} : cell{});
  }

  std::vector<std::size_t> widths(count, 0);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < count; ++i) widths[i] = std::max(widths[i], display_width(line[i].text));
  if (style.width != 0) {
    std::size_t before = 0;
    for (std::size_t i = 0; i + 1 < count; ++i) before += widths[i] + gap;
    const std::size_t left = style.width > before ? style.width - before : 0;
    widths.back() = std::min(widths.back(), std::max(left, narrowest_cut));
  }

  std::string out;
  for (auto& line : lines) {
    line.back().text = cut(line.back().text, widths.back());
    std::size_t owed = 0;   // blanks that are written only if something follows
    for (std::size_t i = 0; i < count; ++i) {
      const auto& [text, mood] = line[i];
      const std::size_t padding = widths[i] - display_width(text);
      if (!text.empty()) {
        out.append(owed + (what.columns[i].right ? padding : 0), ' ');
        out += painted(text, mood, style.colour);
        owed = what.columns[i].right ? 0 : padding;
      } else {
        owed += widths[i];
      }
      owed += gap;
    }
    out += '\n';
  }
  return out;
}

}  // namespace switchyard::ctl

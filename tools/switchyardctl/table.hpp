// Tables for people: aligned columns, colour only where asked for. Pure: text in, text out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::ctl {

/// What a cell says at a glance; only coloured output shows it.
enum class tone { plain, good, warning, bad, faint };

struct cell {
  std::string text;
  tone mood = tone::plain;
};

struct column {
  std::string title;
  bool right = false;      ///< numbers stand to the right
};

struct table {
  std::vector<column> columns;
  std::vector<std::vector<cell>> rows;   ///< a short row is filled up with empty cells
};

struct table_style {
  bool colour = false;
  std::size_t width = 0;   ///< columns of the terminal; the last column is cut to fit. 0: never cut
};

/// Columns two blanks apart, no tabs, no blanks at line ends, "\n" after every line. Cells are made printable first.
[[nodiscard]] std::string render(const table& what, const table_style& style);

/// Control characters, which a terminal would obey, become '?'; line breaks and tabs a blank.
[[nodiscard]] std::string printable(std::string_view text);
/// Columns a UTF-8 text takes: its code points (wide and combining ones are not told apart).
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;
[[nodiscard]] std::string painted(std::string_view text, tone mood, bool colour);

}  // namespace switchyard::ctl

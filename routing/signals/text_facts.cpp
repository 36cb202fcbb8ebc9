#include "routing/signals/text_facts.hpp"

#include "routing/embedding/characters.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

constexpr std::array<std::uint8_t, 128> mark_kinds = [] {
  std::array<std::uint8_t, 128> table{};
  for (const char c : std::string_view("{}[]();=<>\\/&|#$@`")) table[static_cast<std::size_t>(c)] |= 1;
  for (const char c : std::string_view("+-*/=^%")) table[static_cast<std::size_t>(c)] |= 2;
  return table;
}();

void count_characters(std::string_view text, text_facts& facts) {
  char before = ' ';
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) {
      ++at;
      if (is_letter(c)) {
        ++facts.letters;
        ++facts.scripts[static_cast<std::size_t>(script::latin)];
        facts.capitals += c <= 'Z';
      } else if (is_digit(c)) {
        ++facts.digits;
        facts.numbers += !is_digit(before);
      } else if (is_blank(c)) {
        ++facts.blanks;
        facts.sentences += before == '.' || before == '!' || before == '?';
      } else {
        const auto kinds = mark_kinds[static_cast<std::size_t>(c)];
        facts.code_marks += kinds & 1;
        facts.math_marks += (kinds & 2) != 0 && (is_digit(before) || before == ' ' || before == ')');
        facts.question_marks += c == '?';
      }
      before = c;
      continue;
    }
    auto rest = text.substr(at);
    const auto size = rest.size();
    const auto code = next_character(rest);
    at += size - rest.size();
    before = 'x';
    if ((code >= 0x2200 && code <= 0x22FF) || code == 0xD7 || code == 0xF7 || code == 0xB1 || code == 0x221A) {
      ++facts.math_marks;
    } else if (code == 0x3002 || code == 0xFF01 || code == 0xFF1F || code == 0x0964 || code == 0x061F) {
      ++facts.sentences;
      facts.question_marks += code == 0xFF1F || code == 0x061F;
    } else if (code >= 0xAA && !(code >= 0x2000 && code <= 0x2BFF) && code != 0xFFFD) {
      ++facts.letters;
      ++facts.scripts[static_cast<std::size_t>(script_of(code))];
    }
  }
  facts.sentences += before == '.' || before == '!' || before == '?';
}

bool begins_list(std::string_view line) noexcept {
  if (line.size() < 3) return false;
  if ((line[0] == '-' || line[0] == '*') && line[1] == ' ') return true;
  if (line.starts_with("\xE2\x80\xA2")) return true;
  std::size_t at = 0;
  while (at < line.size() && at < 3 && is_digit(line[at])) ++at;
  if (at == 0 && is_letter(line[0])) at = 1;
  return at > 0 && at + 1 < line.size() && (line[at] == '.' || line[at] == ')') && line[at + 1] == ' ';
}

constexpr std::string_view code_starts[] = {
    "def ", "class ", "import ", "from ", "return ", "return;", "public ", "private ", "protected ", "static ", "#include", "using namespace",
    "function ", "const ", "let ", "var ", "if (", "for (", "while (", "else {", "} else", "elif ", "except ", "try:", "try {", "func ",
    "fn ", "impl ", "struct ", "package ", "SELECT ", "INSERT INTO ", "UPDATE ", "CREATE TABLE", "DELETE FROM ", "<?php", "#!/", "@Override",
    "console.log", "print(", "printf(", "System.out", "std::", "//", "/*", "</", "<div", "<html", "assert ", "lambda ", "async ", "await ",
    "end;", "begin", "puts ", "echo ", "$ ", ">>> ", "pub fn", "namespace ", "template<", "template <", "export "};

// A line that would make little sense in prose: how it begins, how it ends, or how dense its marks are.
bool looks_like_code(std::string_view line) noexcept {
  if (line.size() < 3) return line == "}" || line == "{" || line == "};";
  // Formulas are dense in the same marks: \\frac{1}{2}, $x$.
  for (auto at = line.find('\\'); at != line.npos && at + 2 < line.size(); at = line.find('\\', at + 1))
    if (line[at + 1] >= 'a' && line[at + 1] <= 'z' && line[at + 2] >= 'a' && line[at + 2] <= 'z') return false;
  const char last = line.back();
  int marks = 0;
  for (const char c : line)
    if (static_cast<unsigned char>(c) < 0x80) marks += mark_kinds[static_cast<std::size_t>(c)] & 1;
  const bool dense = marks * 6 >= static_cast<int>(line.size());
  if (last == ';' || last == '{' || last == '}') return marks >= 2 || line.size() < 40;
  const bool starts = std::any_of(std::begin(code_starts), std::end(code_starts), [&](auto start) { return line.starts_with(start); });
  if (starts) return marks >= 2 || last == ':' || line.starts_with("import ") || line.starts_with("#include");
  return dense && marks >= 4;
}

void count_lines(std::string_view text, text_facts& facts) {
  bool fenced = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    ++facts.lines;
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (line.starts_with("```")) {
      facts.fence = true;
      fenced = !fenced;
    } else if (fenced || looks_like_code(line)) {
      ++facts.code_lines;
      facts.code_bytes += line.size();
    } else if (begins_list(line)) {
      ++facts.list_lines;
    }
    at = end + 1;
  }
}

struct script_range {
  char32_t first, last;
  script what;
};
constexpr script_range script_ranges[] = {
    {0xAA, 0x24F, script::latin}, {0x370, 0x3FF, script::greek}, {0x400, 0x52F, script::cyrillic}, {0x530, 0x58F, script::armenian},
    {0x590, 0x5FF, script::hebrew}, {0x600, 0x77F, script::arabic}, {0x900, 0x97F, script::devanagari}, {0x980, 0x9FF, script::bengali},
    {0xB80, 0xBFF, script::tamil}, {0xE00, 0xE7F, script::thai}, {0x10A0, 0x10FF, script::georgian}, {0x1100, 0x11FF, script::hangul},
    {0x1E00, 0x1EFF, script::latin}, {0x1F00, 0x1FFF, script::greek}, {0x3040, 0x30FF, script::kana}, {0x3130, 0x318F, script::hangul},
    {0x3400, 0x9FFF, script::han}, {0xAC00, 0xD7A3, script::hangul}, {0xF900, 0xFAFF, script::han}, {0xFE70, 0xFEFF, script::arabic},
    {0xFF66, 0xFF9F, script::kana}, {0x20000, 0x2FA1F, script::han}};

}  // namespace

script script_of(char32_t code) noexcept {
  for (const auto& range : script_ranges) {
    if (code < range.first) break;
    if (code <= range.last) return range.what;
  }
  return script::other;
}

text_facts facts_of(std::string_view text) {
  text_facts facts;
  facts.bytes = text.size();
  count_characters(text, facts);
  count_lines(text, facts);
  split_words(text, facts.words);
  return facts;
}

}  // namespace switchyard::routing

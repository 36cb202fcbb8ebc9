#include "routing/signals/plain_letters.hpp"

#include "routing/embedding/characters.hpp"

#include <algorithm>
#include <array>

namespace switchyard::routing {

namespace {

struct look_alike {
  char32_t code;
  char latin;
};
// Cyrillic and Greek letters drawn like Latin ones, by code.
constexpr look_alike look_alikes[] = {
    {0x391, 'A'}, {0x392, 'B'}, {0x395, 'E'}, {0x396, 'Z'}, {0x397, 'H'}, {0x399, 'I'}, {0x39A, 'K'}, {0x39C, 'M'}, {0x39D, 'N'}, {0x39F, 'O'},
    {0x3A1, 'P'}, {0x3A4, 'T'}, {0x3A5, 'Y'}, {0x3A7, 'X'}, {0x3B1, 'a'}, {0x3B9, 'i'}, {0x3BD, 'v'}, {0x3BF, 'o'}, {0x3C1, 'p'}, {0x3C5, 'u'},
    {0x405, 'S'}, {0x406, 'I'}, {0x408, 'J'}, {0x410, 'A'}, {0x412, 'B'}, {0x415, 'E'}, {0x41A, 'K'}, {0x41C, 'M'}, {0x41D, 'H'}, {0x41E, 'O'},
    {0x420, 'P'}, {0x421, 'C'}, {0x422, 'T'}, {0x425, 'X'}, {0x430, 'a'}, {0x435, 'e'}, {0x43E, 'o'}, {0x440, 'p'}, {0x441, 'c'}, {0x443, 'y'},
    {0x445, 'x'}, {0x455, 's'}, {0x456, 'i'}, {0x458, 'j'}, {0x501, 'd'}, {0x51B, 'q'}, {0x51D, 'w'}};

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_invisible(char32_t c) noexcept {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF ||
         (c >= 0xE0000 && c <= 0xE007F);
}

// Full-width and mathematical letters mean ASCII wherever they stand; 0: no such letter.
char styled(char32_t c) noexcept {
  if (c >= 0xFF01 && c <= 0xFF5E) return static_cast<char>(c - 0xFF01 + '!');
  if (c >= 0x1D400 && c <= 0x1D6A3) {
    const auto at = (c - 0x1D400) % 52;
    return static_cast<char>(at < 26 ? 'A' + at : 'a' + (at - 26));
  }
  if (c >= 0x24D0 && c <= 0x24E9) return static_cast<char>('a' + (c - 0x24D0));
  if (c >= 0x24B6 && c <= 0x24CF) return static_cast<char>('A' + (c - 0x24B6));
  return '\0';
}

char like_latin(char32_t c) noexcept {
  const auto* at = std::lower_bound(std::begin(look_alikes), std::end(look_alikes), c, [](const auto& l, char32_t code) { return l.code < code; });
  return at != std::end(look_alikes) && at->code == c ? at->latin : '\0';
}

char leet(char c) noexcept {
  switch (c) {
    case '0': return 'o';
    case '1': return 'i';
    case '3': return 'e';
    case '4': case '@': return 'a';
    case '5': case '$': return 's';
    case '7': return 't';
    default: return '\0';
  }
}

// One word's bytes [at, end): beyond ASCII or letters, digits, @ and $.
std::size_t word_end(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) >= 0x80 || is_letter(text[at]) || is_digit(text[at]) || text[at] == '@' || text[at] == '$')) ++at;
  return at;
}

class writer {
 public:
  explicit writer(plain_text& to) : to_(to) {}
  void put(char c, std::size_t origin) {
    to_.text += c;
    to_.origin.push_back(static_cast<std::uint32_t>(origin));
  }
  void copy(std::string_view bytes, std::size_t origin) {
    for (std::size_t i = 0; i < bytes.size(); ++i) put(bytes[i], origin + i);
  }

 private:
  plain_text& to_;
};

void write_word(std::string_view text, std::size_t at, std::size_t end, plain_text& found, writer& to) {
  const auto whole = text.substr(at, end - at);
  const auto letters = static_cast<std::size_t>(std::count_if(whole.begin(), whole.end(), is_letter));
  const bool ascii = std::all_of(whole.begin(), whole.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) {
    const auto signs = static_cast<std::size_t>(std::count_if(whole.begin(), whole.end(), [](char c) { return leet(c) != 0; }));
    // "1gn0re", "pr0mpt": signs between letters; "3D", "2nd", "h2o", "v4", hashes are left alone.
    const bool inside = letters >= 2 && signs > 0 && letters + signs == whole.size() && whole.size() >= 4 && whole.size() <= 16 && signs <= letters &&
                        (is_letter(whole.back()) || signs >= 2) && !(is_digit(whole.front()) && is_digit(whole[1]));
    if (!inside) return to.copy(whole, at);
    found.leet = true;
    for (std::size_t i = 0; i < whole.size(); ++i) to.put(is_letter(whole[i]) ? whole[i] : leet(whole[i]), at + i);
    return;
  }
  for (auto rest = whole; !rest.empty();) {
    const auto place = at + whole.size() - rest.size();
    const auto before = rest;
    const auto c = next_character(rest);
    const auto bytes = before.substr(0, before.size() - rest.size());
    if (is_invisible(c)) {
      found.invisible = true;
    } else if (const char s = styled(c); s != 0 && is_letter(s)) {
      found.look_alikes = true;
      to.put(s, place);
    } else if (const char l = like_latin(c); l != 0 && letters > 0) {
      found.look_alikes = true;
      to.put(l, place);
    } else {
      to.copy(bytes, place);
    }
  }
}

// "i g n o r e": single letters apart by one blank, dot, dash or underscore each; where the run ends, or `at`.
std::size_t spelled_end(std::string_view text, std::size_t at) noexcept {
  if (at > 0 && is_letter(text[at - 1])) return at;
  std::size_t letters = 0, end = at;
  char mark = 0;
  for (auto i = at; i < text.size() && is_letter(text[i]) && (i + 1 >= text.size() || !is_letter(text[i + 1])); i += 2) {
    ++letters;
    end = i + 1;
    if (i + 1 >= text.size() || (mark != 0 && text[i + 1] != mark)) break;
    mark = text[i + 1];
    if (mark != ' ' && mark != '.' && mark != '-' && mark != '_' && mark != '*') break;
  }
  return letters >= 5 ? end : at;
}

int sextet(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

// What a run of base64 says, if it says anything readable.
std::string decoded(std::string_view run) {
  std::string bytes;
  std::uint32_t buffer = 0;
  int bits = 0;
  std::size_t readable = 0;
  for (const char c : run) {
    buffer = (buffer << 6 | static_cast<std::uint32_t>(sextet(c))) & 0xFFFFFF;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const char byte = static_cast<char>(buffer >> bits & 0xFF);
    readable += is_letter(byte) || byte == ' ';
    if (static_cast<unsigned char>(byte) >= 0x7F || (static_cast<unsigned char>(byte) < ' ' && byte != '\n')) return {};
    bytes += byte;
  }
  return readable * 10 >= bytes.size() * 8 && bytes.find(' ') != bytes.npos ? bytes : std::string();
}

void append_decoded(std::string_view text, plain_text& found, writer& to) {
  constexpr std::size_t shortest = 20, most = 16u << 10;
  std::size_t written = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto end = at;
    while (end < text.size() && sextet(text[end]) >= 0) ++end;
    if (end - at >= shortest && written < most)
      if (const auto said = decoded(text.substr(at, std::min(end - at, most))); !said.empty()) {
        found.encoded = true;
        written += said.size();
        to.put('\n', at);
        for (const char c : said) to.put(c, at);
      }
    at = end + 1;
  }
}

// Most texts are plain; one cheap look tells.
bool may_be_disguised(std::string_view text) noexcept {
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) return true;
    if (leet(c) != 0 && ((i > 0 && is_letter(text[i - 1])) || (i + 1 < text.size() && is_letter(text[i + 1])))) return true;
    run = sextet(c) >= 0 ? run + 1 : 0;
    if (run >= 20) return true;
    if (i >= 8 && is_letter(c) && is_letter(text[i - 2]) && is_letter(text[i - 4]) && !is_letter(text[i - 1]) && !is_letter(text[i - 3])) return true;
  }
  return false;
}

}  // namespace

plain_text plain_letters(std::string_view text) {
  plain_text found;
  if (!may_be_disguised(text)) return found;
  found.text.reserve(text.size() + 64);
  found.origin.reserve(text.size() + 64);
  writer to(found);
  for (std::size_t at = 0; at < text.size();) {
    if (is_letter(text[at]))
      if (const auto end = spelled_end(text, at); end > at) {
        found.spelled = true;
        for (auto i = at; i < end; i += 2) to.put(text[i], i);
        // Words spelled apart stand apart by two blanks or more.
        at = end;
        continue;
      }
    const auto end = word_end(text, at);
    if (end > at) {
      write_word(text, at, end, found, to);
      at = end;
    } else {
      to.put(text[at], at);
      ++at;
    }
  }
  append_decoded(text, found, to);
  found.origin.push_back(static_cast<std::uint32_t>(text.size()));
  if (!found.disguised()) {
    found.text.clear();
    found.origin.clear();
  }
  return found;
}

}  // namespace switchyard::routing

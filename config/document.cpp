#include "config/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

namespace switchyard::config {

namespace {

constexpr int deepest = 64;
constexpr std::size_t most_values = 500'000;
constexpr std::size_t most_brackets_and_commas = 1'000'000;
constexpr std::string_view core_tag = "tag:yaml.org,2002:";

bool is_core(std::string_view tag, std::string_view type) noexcept { return tag.starts_with(core_tag) && tag.substr(core_tag.size()) == type; }

source_position to_position(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text) noexcept {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

/// YAML 1.2.2, 10.3.2: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? and its integer forms.
value_kind number_kind(std::string_view text) noexcept {
  const auto all_of = [](std::string_view digits, std::string_view allowed) {
    return !digits.empty() && digits.find_first_not_of(allowed) == std::string_view::npos;
  };
  if (text.starts_with("0x")) return all_of(text.substr(2), "0123456789abcdefABCDEF") ? value_kind::integer : value_kind::text;
  if (text.starts_with("0o")) return all_of(text.substr(2), "01234567") ? value_kind::integer : value_kind::text;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") return value_kind::number;
  const auto whole = count_digits(text);
  text.remove_prefix(whole);
  if (text.empty()) return whole > 0 ? value_kind::integer : value_kind::text;
  if (text.front() == '.') {
    text.remove_prefix(1);
    const auto fraction = count_digits(text);
    if (whole + fraction == 0) return value_kind::text;
    text.remove_prefix(fraction);
  } else if (whole == 0) {
    return value_kind::text;
  }
  if (text.empty()) return value_kind::number;
  if (text.front() != 'e' && text.front() != 'E') return value_kind::text;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && count_digits(text) == text.size() ? value_kind::number : value_kind::text;
}

value_kind plain_kind(std::string_view text) noexcept {
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"})
    if (text == word) return value_kind::boolean;
  for (const std::string_view word : {".nan", ".NaN", ".NAN"})
    if (text == word) return value_kind::number;
  return number_kind(text);
}

/// Builds the tree from the parser's events; throws syntax_fault, which parse_document catches.
class tree_builder final : public YAML::EventHandler {
 public:
  [[nodiscard]] node_ptr root() const { return root_; }
  /// Where the innermost list or map begins that has no end yet.
  [[nodiscard]] std::optional<source_position> unfinished() const {
    return open_.empty() ? std::nullopt : std::optional(open_.back().what->at);
  }

  /// Offset of the last scalar that may be quoted.
  [[nodiscard]] std::optional<std::size_t> last_quoted() const { return last_quoted_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) throw syntax_fault{to_position(mark), "a config file holds one document, and here begins another"};
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add_leaf(make_node(value_kind::null, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw syntax_fault{to_position(mark), "this alias stands inside the value it names"};
    add(found->second, to_position(mark), found->second.values);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    auto kind = value_kind::text;
    if (tag == "?" || tag.empty()) {
      kind = plain_kind(value);
    } else if (tag != "!" && !is_core(tag, "str")) {
      kind = plain_kind(value);
      const bool fits = (kind == value_kind::boolean && is_core(tag, "bool")) || (kind == value_kind::integer && is_core(tag, "int")) ||
                        ((kind == value_kind::number || kind == value_kind::integer) && is_core(tag, "float"));
      if (!fits) refuse_tag(mark);
    }
    if (kind == value_kind::text && tag != "?") last_quoted_ = mark.pos;
    auto leaf = make_node(kind, mark);
    leaf->text = value;
    add_leaf(std::move(leaf), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(value_kind::list, mark, tag, "seq", anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(value_kind::map, mark, tag, "map", anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A finished value: how many values it holds and how deep it is, aliases followed.
  struct finished {
    node_ptr what;
    std::size_t values = 1;
    int height = 1;
  };
  struct open_value {
    std::shared_ptr<node> what;
    YAML::anchor_t anchor = 0;
    std::size_t values = 1;
    int height = 1;
    std::optional<map_entry> key;                ///< read, its value not yet
  };

  static std::shared_ptr<node> make_node(value_kind kind, const YAML::Mark& mark) {
    auto made = std::make_shared<node>();
    made->kind = kind;
    made->at = to_position(mark);
    return made;
  }

  [[noreturn]] static void refuse_tag(const YAML::Mark& mark) {
    throw syntax_fault{to_position(mark), "this tag is not known here; write the value without a tag"};
  }

  void open(value_kind kind, const YAML::Mark& mark, const std::string& tag, std::string_view core_name, YAML::anchor_t anchor) {
    if (!tag.empty() && tag != "?" && tag != "!" && tag != std::string(core_tag).append(core_name)) refuse_tag(mark);
    open_.push_back({make_node(kind, mark), anchor, 1, 1, {}});
    check_depth(static_cast<int>(open_.size()), to_position(mark));
  }

  void close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    finished value{std::move(done.what), done.values, done.height};
    if (done.anchor != 0) anchored_[done.anchor] = value;
    add(value, value.what->at, 1);
  }

  void add_leaf(std::shared_ptr<node> leaf, YAML::anchor_t anchor) {
    finished value{std::move(leaf)};
    if (anchor != 0) anchored_[anchor] = value;
    add(value, value.what->at, 1);
  }

  /// `more` is what the value adds to the file's count: its own parts were counted before, those of an alias not.
  void add(const finished& value, source_position at, std::size_t more) {
    if (open_.empty()) {
      root_ = value.what;
      return;
    }
    check_depth(static_cast<int>(open_.size()) + value.height, at);
    auto& parent = open_.back();
    parent.values += value.values;
    parent.height = std::max(parent.height, value.height + 1);
    values_ += more;
    if (values_ > most_values)
      throw syntax_fault{at, "the file holds more than 500000 values once its aliases are followed"};
    if (parent.what->kind == value_kind::list) {
      parent.what->items.push_back(value.what);
    } else if (parent.key) {
      parent.key->value = value.what;
      parent.what->entries.push_back(std::move(*parent.key));
      parent.key.reset();
    } else {
      const auto kind = value.what->kind;
      if (kind == value_kind::list || kind == value_kind::map || kind == value_kind::null)
        throw syntax_fault{at, "a key must be a string, and this is " + std::string(kind_name(kind))};
      parent.key = map_entry{value.what->text, at, nullptr};
    }
  }

  static void check_depth(int depth, source_position at) {
    if (depth > deepest) throw syntax_fault{at, "values are nested deeper than 64 levels"};
  }

  bool started_ = false;
  std::size_t values_ = 0;
  std::optional<std::size_t> last_quoted_;
  node_ptr root_;
  std::vector<open_value> open_;
  std::unordered_map<YAML::anchor_t, finished> anchored_;
};

/// Length of the UTF-8 sequence at `at` (RFC 3629: no overlong forms, no surrogates); 0: not one.
std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto within = [&](std::size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return within(1, 0x80, 0xbf) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

/// yaml-cpp takes any bytes (and U+0004 for the end of the file), so what is no text is found first.
std::optional<syntax_fault> find_bad_character(std::string_view text) {
  source_position at{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
      return syntax_fault{at, "a control character (byte " + std::to_string(c) + ") cannot stand in a config file"};
    const auto length = utf8_length(text, i);
    if (length == 0) return syntax_fault{at, "this byte is not UTF-8; expected a UTF-8 text"};
    i += length;
    at.column += static_cast<int>(length);
    if (c == '\n') at = {at.line + 1, 1};
  }
  return std::nullopt;
}

/// yaml-cpp may hold every token of a line at once, some 250 bytes each, so these are counted before it reads.
bool has_too_many_tokens(std::string_view text) noexcept {
  const auto tokens = std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{' || c == ','; });
  return static_cast<std::size_t>(tokens) > most_brackets_and_commas;
}

/// yaml-cpp takes a quoted scalar without its end when the text ends in a line break. Such a scalar is the last one.
/// Precondition: `begin` is the offset of a scalar, its tag and anchor included.
bool is_left_open(std::string_view text, std::size_t begin) noexcept {
  text.remove_prefix(std::min(begin, text.size()));
  while (text.starts_with('&') || text.starts_with('!')) {
    text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  if (!text.starts_with('"') && !text.starts_with('\'')) return false;
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\')
      ++i;
    else if (text[i] == quote && quote == '\'' && text.substr(i + 1).starts_with(quote))
      ++i;
    else if (text[i] == quote)
      return false;
  }
  return true;
}

source_position position_of(std::string_view text, std::size_t offset) noexcept {
  const auto before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto line_begin = before.rfind('\n') + 1;   // npos + 1 is 0
  return {static_cast<int>(lines) + 1, static_cast<int>(before.size() - line_begin) + 1};
}

std::optional<syntax_fault> find_open_quote(std::string_view text, const tree_builder& builder) {
  const auto begin = builder.last_quoted();
  if (!begin || !is_left_open(text, *begin)) return std::nullopt;
  return syntax_fault{position_of(text, *begin), "not valid YAML or JSON: this quote is never closed"};
}

bool is_indented_by_tab(std::string_view text, int line) {
  for (int passed = 1; passed < line; ++passed) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto blanks = text.substr(0, text.find_first_not_of(" \t"));
  return blanks.find('\t') != std::string_view::npos;
}

/// The parser's own words, but where these mislead.
std::string explain(const YAML::Exception& failure, std::string_view text, source_position at) {
  // The parser adds the name of an unknown anchor, which may be a secret that was not quoted: "*hunter2".
  if (failure.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) return "the alias names no anchor; quote a string that begins with *";
  if (failure.msg.starts_with(YAML::ErrorMsg::INVALID_UNICODE))
    return "the escape names no character; instead of a surrogate pair, write the character itself";
  if (at.line > 0 && is_indented_by_tab(text, at.line)) return failure.msg + " (YAML is indented by blanks, not tabs)";
  return failure.msg;
}

}  // namespace

std::string_view kind_name(value_kind kind) noexcept {
  switch (kind) {
    case value_kind::null: return "nothing";
    case value_kind::boolean: return "a boolean";
    case value_kind::integer:
    case value_kind::number: return "a number";
    case value_kind::text: return "a string";
    case value_kind::list: return "a list";
    case value_kind::map: return "a map";
  }
  return "a value";
}

document parse_document(std::string_view text) {
  if (text.size() > largest_document) return {nullptr, syntax_fault{{}, "the file is larger than 16 MiB"}};
  if (auto bad = find_bad_character(text)) return {nullptr, std::move(bad)};
  if (has_too_many_tokens(text)) return {nullptr, syntax_fault{{}, "the file holds more than 1000000 brackets and commas"}};
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);   // the parser's offsets leave out the byte order mark
  tree_builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    if (auto open_quote = find_open_quote(text, builder)) return {nullptr, std::move(open_quote)};
    auto root = builder.root();
    if (!root) root = std::make_shared<node>();
    return {std::move(root), std::nullopt};
  } catch (const syntax_fault& fault) {
    return {nullptr, fault};
  } catch (const YAML::Exception& failure) {
    // The end of the text says little; where the quote or bracket stands helps more.
    const bool at_end = failure.mark.pos >= static_cast<int>(text.size());
    if (auto open_quote = find_open_quote(text, builder); at_end && open_quote) return {nullptr, std::move(open_quote)};
    if (failure.msg == YAML::ErrorMsg::END_OF_MAP_FLOW || failure.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW)
      if (const auto begin = builder.unfinished(); begin && at_end)
        return {nullptr, syntax_fault{*begin, "not valid YAML or JSON: this bracket is never closed"}};
    const auto at = to_position(failure.mark);
    return {nullptr, syntax_fault{at, "not valid YAML or JSON: " + explain(failure, text, at)}};
  } catch (const std::exception& failure) {
    return {nullptr, syntax_fault{{}, std::string("not valid YAML or JSON: ") + failure.what()}};
  }
}

}  // namespace switchyard::config

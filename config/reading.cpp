#include "config/reading.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace switchyard::config {

namespace {

constexpr std::size_t most_problems = 500;
constexpr std::size_t longest_shown = 60;

std::string shown(std::string_view text) {
  auto length = std::min(text.size(), longest_shown);
  if (length < text.size())
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;   // not inside a character
  std::string out(text.substr(0, length));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (length < text.size()) out += "...";
  return out;
}

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '-' && c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

/// Letters added, left out, exchanged, or two neighbours turned round; `most` for that many and more. Of texts up to longest_shown.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t most) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) >= most) return most;
  using row = std::array<std::size_t, longest_shown + 1>;
  std::array<row, 3> rows;                       // of a[i - 2], a[i - 1], a[i]
  row *two = &rows[0], *before = &rows[1], *here = &rows[2];
  for (std::size_t j = 0; j <= b.size(); ++j) (*before)[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto least = (*here)[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      auto cost = std::min({(*before)[j] + 1, (*here)[j - 1] + 1, (*before)[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost = std::min(cost, (*two)[j - 2] + 1);
      least = std::min(least, (*here)[j] = cost);
    }
    if (least > most) return most;               // a turn of the next letter brings it back by one at most
    two = std::exchange(before, std::exchange(here, two));
  }
  return std::min(most, (*before)[b.size()]);
}

}  // namespace

std::string in_quotes(std::string_view text) { return "'" + shown(text) + "'"; }

std::string path_step(std::string_view key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return plain && key.size() <= longest_shown ? "." + std::string(key) : "[\"" + shown(key) + "\"]";
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (const auto word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
  if (text.size() > longest_shown) return {};
  const auto wanted = folded(text);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const auto candidate : candidates) {
    if (candidate.size() > longest_shown) continue;
    const auto name = folded(candidate);
    const auto distance = edit_distance(wanted, name, best_distance);
    if (distance < best_distance && distance < name.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string suggestion(std::string_view text, const std::vector<std::string_view>& candidates) {
  const auto best = nearest(text, candidates);
  return best.empty() ? std::string() : ", did you mean '" + std::string(best) + "'?";
}

reading::step reading::enter(const map_entry& entry) {
  const auto length = path_.size();
  const auto back = std::exchange(here_, entry.at);
  const auto name = path_step(entry.key);
  path_ += length == 0 && name.front() == '.' ? name.substr(1) : name;
  if (entry.value->kind != value_kind::null) places_.insert_or_assign(path_, entry.value->at);
  return {*this, length, back};
}

reading::step reading::enter(std::size_t index, const node& item) {
  const auto length = path_.size();
  const auto back = std::exchange(here_, item.at);
  path_ += "[" + std::to_string(index) + "]";
  if (item.kind != value_kind::null) places_.insert_or_assign(path_, item.at);
  return {*this, length, back};
}

void reading::report(std::string path, source_position at, std::string message) {
  if (problems_.size() == most_problems) {
    ++suppressed_;
    return;
  }
  problems_.push_back({file_, at, std::move(path), std::move(message)});
}

void reading::wrong_type(const node& got, std::string_view expected) {
  report(got.kind == value_kind::null ? here_ : got.at,
         "expected " + std::string(expected) + ", got " + std::string(kind_name(got.kind)));
}

std::vector<const map_entry*> reading::entries(const node& map) {
  std::vector<const map_entry*> unique;
  std::unordered_map<std::string_view, source_position> seen;
  for (const auto& entry : map.entries) {
    const auto [first, is_new] = seen.emplace(entry.key, entry.at);
    if (is_new) {
      unique.push_back(&entry);
      continue;
    }
    const auto inside = enter(entry);
    report(entry.at, "duplicate key, already at line " + std::to_string(first->second.line));
  }
  return unique;
}

void reading::unknown_key(const map_entry& entry, const std::vector<std::string_view>& known,
                          std::span<const absent_key> absent, std::span<const foreign_name> foreign) {
  for (const auto& key : absent) {
    if (key.name != entry.key) continue;
    report(entry.at, "is not available in this version; " + std::string(key.instead));
    return;
  }
  if (entry.key == "<<") {
    report(entry.at, "YAML 1.2 has no merge keys; write the keys out, or alias the whole value");
    return;
  }
  for (const auto& name : foreign) {
    if (name.theirs != entry.key) continue;
    report(entry.at, "unknown key, did you mean '" + std::string(name.ours) + "'?");
    return;
  }
  if (problems_.size() == most_problems) return report(entry.at, {});   // it is only counted
  auto hint = suggestion(entry.key, known);
  if (hint.empty()) hint = "; expected one of: " + joined(known);
  report(entry.at, "unknown key" + hint);
}

bool reading::reported(const std::string& path) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const problem& p) { return p.key == path; });
}

source_position reading::place_of(std::string path) const {
  while (!path.empty()) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    const auto last = path.back() == ']' ? path.rfind('[') : path.find_last_of(".[");
    path.resize(last == std::string::npos ? 0 : last);
  }
  return {};
}

void reading::note_literal_secret(source_position at) {
  literal_secrets_.push_back({file_, at, path_, "this secret stands in the file itself"});
}

std::vector<problem> reading::take_problems() {
  std::stable_sort(problems_.begin(), problems_.end(), [](const problem& a, const problem& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  if (suppressed_ > 0)
    problems_.push_back({file_, {}, "", "and " + std::to_string(suppressed_) + " more problems"});
  return std::exchange(problems_, {});
}

}  // namespace switchyard::config

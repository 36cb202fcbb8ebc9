// The rules, in the order they are asked:
//   numbers      one has a number the other lacks
//   negation     one negates, the other does not
//   opposites    a word of one is the opposite of a word of the other ("before" / "after")
//   units        each measures in one the other does not
//   dates        one names a day, month or season the other lacks
//   names        each has a name the other lacks ("France" / "Germany"), capitalised or known
//   identifiers  one has an identifier or operator the other lacks
//   question     they begin with different question words ("when" / "where")
//   order        the same words in another order, and not just a clause that moved ("in Python, …") or "A and B" turned round
//   swapped_word one plain word each stands for another in the same place: no refusal, for it may be a synonym; the verifier weighs it
// The words known by name stand in models/near_misses.txt, written by tools/train/near_misses.py.
#include "routing/cache/near_miss.hpp"

#include "routing/cache/near_miss_words.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace switchyard::routing {

namespace {

/// models/near_misses.txt, read once.
struct known_words {
  std::unordered_set<std::string_view> names, dates, negations, questions;
  std::unordered_map<std::string_view, std::string_view> units;
  std::unordered_multimap<std::string_view, std::string_view> opposites;

  known_words() {
    for (std::string_view rest = near_miss_words; !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const auto first = line.find(' ');
      if (first == std::string_view::npos) continue;
      const auto kind = line.substr(0, first);
      const auto second = line.find(' ', first + 1);
      const auto left = line.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
      const auto right = second == std::string_view::npos ? std::string_view() : line.substr(second + 1);
      if (kind == "name") names.insert(left);
      if (kind == "date") dates.insert(left);
      if (kind == "not") negations.insert(left);
      if (kind == "question") questions.insert(left);
      if (kind == "unit") units.emplace(left, right);
      if (kind == "opposite") {
        opposites.emplace(left, right);
        opposites.emplace(right, left);
      }
    }
  }
  [[nodiscard]] bool are_opposites(std::string_view a, std::string_view b) const {
    const auto [from, to] = opposites.equal_range(a);
    return std::any_of(from, to, [&](const auto& entry) { return entry.second == b; });
  }
};

const known_words& known() {
  static const known_words words;
  return words;
}

using words = std::vector<const prompt_word*>;

/// The words of `from` that `other` lacks, each word of `other` standing for one.
words without(std::span<const prompt_word> from, std::span<const prompt_word> other) {
  std::unordered_multiset<std::uint64_t> left;
  for (const auto& w : other) left.insert(w.stem);
  words out;
  for (const auto& w : from)
    if (const auto found = left.find(w.stem); found != left.end())
      left.erase(found);
    else
      out.push_back(&w);
  return out;
}

template <class Is>
const prompt_word* first_of(const words& among, const Is& is) {
  const auto found = std::find_if(among.begin(), among.end(), [&](const prompt_word* w) { return is(*w); });
  return found == among.end() ? nullptr : *found;
}

bool is_name(const prompt_word& w) { return w.kind == word_kind::name || known().names.contains(w.lower); }
bool is_date(const prompt_word& w) { return known().dates.contains(w.lower); }
bool is_negation(const prompt_word& w) { return w.negated || known().negations.contains(w.lower); }
/// "install" and "installation", "python" and "pythonic".
bool is_spelling_of(std::string_view a, std::string_view b) {
  return std::min(a.size(), b.size()) >= 5 && (a.starts_with(b) || b.starts_with(a));
}
bool is_joint(std::string_view lower) { return lower == "and" || lower == "or" || lower == "vs" || lower == "versus" || lower == "&"; }

std::span<const prompt_word> from_to(std::span<const prompt_word> all, std::size_t begin, std::size_t end) { return all.subspan(begin, end - begin); }
bool same(std::span<const prompt_word> a, std::span<const prompt_word> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const prompt_word& x, const prompt_word& y) { return x.stem == y.stem; });
}

/// Precondition: the same stems, in another order. Is it only a clause that moved, or the two sides of an "and"?
bool harmless_order(std::span<const prompt_word> a, std::span<const prompt_word> b) {
  std::size_t begin = 0, end = a.size();
  while (begin < end && a[begin].stem == b[begin].stem) ++begin;
  while (end > begin && a[end - 1].stem == b[end - 1].stem) --end;
  const auto x = from_to(a, begin, end), y = from_to(b, begin, end);
  for (std::size_t cut = 1; cut < x.size(); ++cut) {
    const auto rest = x.size() - cut;
    if (same(x.first(cut), y.last(cut)) && same(x.last(rest), y.first(rest)) && std::max(cut, rest) > 1 && (cut > 1 || rest > 2)) return true;
  }
  for (std::size_t middle = 1; middle + 1 < x.size(); ++middle) {
    const auto left = middle, right = x.size() - middle - 1;
    if (is_joint(x[middle].lower) && y.size() > right && is_joint(y[right].lower) && same(x.first(left), y.last(left)) && same(x.last(right), y.first(right)))
      return true;
  }
  return false;
}

class comparison {
 public:
  comparison(const word_list& a, const word_list& b) : a_(a.all()), b_(b.all()), only_a_(without(a_, b_)), only_b_(without(b_, a_)) {
    lacking(near_miss::numbers, [](const prompt_word& w) { return w.kind == word_kind::number; }, one_sided::refuses);
    negation();
    opposites();
    units();
    lacking(near_miss::dates, is_date, one_sided::refuses);
    lacking(near_miss::names, is_name, one_sided::counts);
    lacking(near_miss::identifiers, [](const prompt_word& w) { return w.kind == word_kind::code; }, one_sided::refuses);
    question();
    order();
    if (only_a_.size() == 1 && only_b_.size() == 1 && a_.size() > 2) found_.both[static_cast<std::size_t>(near_miss::swapped_word)] = true;
  }
  [[nodiscard]] const near_misses& found() const noexcept { return found_; }

 private:
  enum class one_sided { refuses, counts };

  void note(near_miss kind, const prompt_word* a, const prompt_word* b, bool refuses) {
    (a != nullptr && b != nullptr ? found_.both : found_.one_sided)[static_cast<std::size_t>(kind)] = true;
    if (!refuses || found_.refuses) return;
    found_.refuses = true;
    found_.first = kind;
    found_.a = a != nullptr ? a->text : std::string_view();
    found_.b = b != nullptr ? b->text : std::string_view();
  }

  template <class Is>
  void lacking(near_miss kind, const Is& is, one_sided when_one_sided) {
    // What the other one has, too, only not as often, makes no difference; nor does one spelling that begins another.
    const auto lacks = [&is](std::span<const prompt_word> in) {
      return [&is, in](const prompt_word& w) {
        return is(w) && std::none_of(in.begin(), in.end(), [&](const prompt_word& other) { return other.stem == w.stem || is_spelling_of(w.lower, other.lower); });
      };
    };
    const prompt_word* a = first_of(only_a_, lacks(b_));
    const prompt_word* b = first_of(only_b_, lacks(a_));
    if (a != nullptr || b != nullptr) note(kind, a, b, (a != nullptr && b != nullptr) || when_one_sided == one_sided::refuses);
  }

  void negation() {
    const auto find = [](std::span<const prompt_word> in) {
      const auto found = std::find_if(in.begin(), in.end(), is_negation);
      return found == in.end() ? nullptr : &*found;
    };
    const prompt_word* a = find(a_);
    const prompt_word* b = find(b_);
    if ((a == nullptr) != (b == nullptr)) note(near_miss::negation, a, b, true);
  }

  void opposites() {
    for (const auto* a : only_a_)
      for (const auto* b : only_b_)
        if (known().are_opposites(a->lower, b->lower)) return note(near_miss::opposites, a, b, true);
  }

  void units() {
    const auto measured = [](std::span<const prompt_word> in) {
      std::set<std::string_view> out;
      for (const auto& w : in)
        if (const auto unit = known().units.find(w.lower); unit != known().units.end()) out.insert(unit->second);
      return out;
    };
    const auto of_a = measured(a_), of_b = measured(b_);
    if (of_a == of_b) return;
    const auto lacks = [](const std::set<std::string_view>& in) {
      return [&in](const prompt_word& w) {
        const auto unit = known().units.find(w.lower);
        return unit != known().units.end() && !in.contains(unit->second);
      };
    };
    const prompt_word* a = first_of(only_a_, lacks(of_b));
    const prompt_word* b = first_of(only_b_, lacks(of_a));
    if (a != nullptr || b != nullptr) note(near_miss::units, a, b, a != nullptr && b != nullptr);
  }

  void question() {
    const auto first = [](std::span<const prompt_word> in) -> const prompt_word* {
      const auto found = std::find_if(in.begin(), in.end(), [](const prompt_word& w) { return known().questions.contains(w.lower); });
      return found == in.end() ? nullptr : &*found;
    };
    const prompt_word* a = first(a_);
    const prompt_word* b = first(b_);
    if (a == nullptr || b == nullptr || a->stem == b->stem) return;
    // "what is the way to" and "how to" are one; who, when, where and why stand for themselves.
    const auto telling = [](const prompt_word& w) { return w.lower == "who" || w.lower == "when" || w.lower == "where" || w.lower == "why"; };
    note(near_miss::question, a, b, telling(*a) && telling(*b));
  }

  void order() {
    if (!only_a_.empty() || !only_b_.empty() || a_.size() != b_.size() || same(a_, b_)) return;
    if (harmless_order(a_, b_) || harmless_order(b_, a_)) return;
    const auto differ = std::mismatch(a_.begin(), a_.end(), b_.begin(), [](const prompt_word& x, const prompt_word& y) { return x.stem == y.stem; });
    note(near_miss::order, &*differ.first, &*differ.second, true);
  }

  std::span<const prompt_word> a_, b_;
  words only_a_, only_b_;
  near_misses found_;
};

}  // namespace

near_misses compare_words(const word_list& a, const word_list& b) { return comparison(a, b).found(); }

std::string_view to_string(near_miss kind) noexcept {
  switch (kind) {
    case near_miss::numbers: return "numbers";
    case near_miss::negation: return "negation";
    case near_miss::opposites: return "opposites";
    case near_miss::names: return "names";
    case near_miss::units: return "units";
    case near_miss::dates: return "dates";
    case near_miss::identifiers: return "identifiers";
    case near_miss::order: return "order";
    case near_miss::question: return "question words";
    case near_miss::swapped_word: return "words";
  }
  return "words";
}

std::string near_misses::why() const {
  if (!refuses) return {};
  std::string out(to_string(first));
  const auto quoted = [](std::string_view text) { return text.empty() ? std::string("none") : std::string(text.substr(0, 40)); };
  out += first == near_miss::negation ? ": only one negates: " : " differ: ";
  if (first == near_miss::negation) return out + quoted(a.empty() ? b : a);
  return out + quoted(a) + " / " + quoted(b);
}

}  // namespace switchyard::routing

#include "actors/request_mask.hpp"

#include "providers/json_scan.hpp"
#include "providers/request_text.hpp"
#include "routing/signals/understanding.hpp"

#include <deque>
#include <vector>

namespace switchyard::actors {

namespace {

constexpr std::size_t parser_padding = 64;       // ingress::parse
constexpr float sure_enough = 0.5f;              // as the guard's

/// Follows a JSON string's escapes: where in the escaped text does a byte of the plain text begin?
class escape_walk {
 public:
  explicit escape_walk(std::string_view escaped) noexcept : escaped_(escaped) {}

  /// `plain` must not be less than the last time.
  [[nodiscard]] std::size_t at(std::size_t plain) noexcept {
    while (plain_ < plain && at_ < escaped_.size()) step();
    return at_;
  }

 private:
  void step() noexcept {
    if (escaped_[at_] != '\\') {
      ++at_;
      ++plain_;
    } else if (escaped_[at_ + 1] != 'u') {
      at_ += 2;
      ++plain_;
    } else {
      const auto unit = unit_at(at_);
      const bool is_pair = unit >= 0xd800 && unit < 0xdc00 && at_ + 7 < escaped_.size() && escaped_[at_ + 6] == '\\' && escaped_[at_ + 7] == 'u' &&
                           unit_at(at_ + 6) >= 0xdc00 && unit_at(at_ + 6) < 0xe000;
      at_ += is_pair ? 12 : 6;
      plain_ += is_pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;   // a lone surrogate is U+FFFD: three bytes
    }
  }

  [[nodiscard]] unsigned unit_at(std::size_t backslash) const noexcept {
    unsigned value = 0;
    for (std::size_t i = backslash + 2; i < backslash + 6 && i < escaped_.size(); ++i) {
      const char c = escaped_[i];
      value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
  }

  std::string_view escaped_;
  std::size_t at_ = 0;
  std::size_t plain_ = 0;
};

}  // namespace

bool request_mask::write(const routing::signal_models& models, const providers::api_request& request, std::uint32_t kinds) {
  const auto found = providers::find_texts(request.operation, request.body, providers::text_reach::everything);
  std::deque<std::string> unescaped;
  std::vector<routing::turn> turns;
  turns.reserve(found.places.size());
  for (const auto& place : found.places) {
    const auto escaped = request.body.substr(place.value.begin + 1, place.value.end - place.value.begin - 2);
    const bool is_plain = escaped.find('\\') == std::string_view::npos;
    const std::string_view text =
        is_plain ? escaped : unescaped.emplace_back(providers::json::unescape(request.body.substr(place.value.begin, place.value.end - place.value.begin)));
    turns.push_back({routing::speaker::user, text});
  }
  routing::prompt all;
  all.turns = turns;
  routing::understanding known(models, all);

  std::size_t copied = 0, walked = found.places.size();
  std::optional<escape_walk> walk;
  for (const auto& span : known.pii().spans) {
    if ((kinds & (1u << static_cast<unsigned>(span.kind))) == 0 || span.confidence < sure_enough) continue;
    const auto& place = found.places[span.turn].value;
    if (walked != span.turn) walk.emplace(request.body.substr(place.begin + 1, place.end - place.begin - 2));
    walked = span.turn;
    const auto begin = place.begin + 1 + walk->at(span.start), end = place.begin + 1 + walk->at(span.end);
    if (body_.empty()) body_.reserve(request.body.size() + request.body.size() / 16 + 1024);
    body_.append(request.body.substr(copied, begin - copied));
    body_.append(book_.stand_in(routing::to_string(span.kind), turns[span.turn].text.substr(span.start, span.end - span.start), request.body));
    copied = end;
  }
  if (book_.empty()) return false;
  body_.append(request.body.substr(copied));
  body_.reserve(body_.size() + parser_padding);
  return true;
}

}  // namespace switchyard::actors

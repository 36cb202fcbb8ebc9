// What each signal says: plain values, one struct a signal.
#pragma once

#include "base/clock.hpp"
#include "routing/signals/signal_names.hpp"

#include <boost/container/small_vector.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// A part of a turn's text, in bytes.
struct text_span {
  std::size_t turn = 0;
  std::size_t start = 0;
  std::size_t end = 0;
};

struct domain_finding {
  domain value = domain::other;
  float confidence = 0;                            ///< calibrated: of all answers at 0.8, about 80 % are right
  std::array<float, domain_count> scores{};        ///< probabilities, sum 1
};

struct complexity_finding {
  float value = 0;                                 ///< 0..1: the share of requests that are easier
  float confidence = 0;
  boost::container::small_vector<std::string_view, 6> reasons;   ///< fixed words: "several steps", "code"
};

struct format_finding {
  answer_format value = answer_format::chat;
  float confidence = 0;
};

struct pii_span : text_span {
  pii_kind kind = pii_kind::email;
  float confidence = 0;
};
struct pii_finding {
  float score = 0;                                 ///< the surest span's confidence; 0: none
  std::vector<pii_span> spans;                     ///< in order of turn and start, none overlapping
};

struct evidence : text_span {
  std::string_view why;                            ///< a fixed phrase: "tells to ignore instructions"
  float score = 0;
};
struct jailbreak_finding {
  float score = 0;                                 ///< 0..1, calibrated
  std::vector<evidence> spans;                     ///< the most telling first, at most eight
};

struct harmful_finding {
  float score = 0;                                 ///< 0..1, calibrated
  std::string_view category;                       ///< "weapons", "self-harm", "abuse" ...; empty: none stands out
};

struct token_finding {
  std::int64_t input = 0;
  std::int64_t output = 0;                         ///< expected
  std::int64_t output_low = 0, output_high = 0;    ///< about four answers of five lie within
};

struct language_finding {
  std::string_view code = "und";                   ///< ISO 639-1; "und": cannot be told
  float confidence = 0;
};

struct clarity_finding {
  bool clear = true;                               ///< else ambiguous: too short, or points at something that is not there
  float confidence = 0;
  std::string_view why;                            ///< of ambiguous: a fixed phrase
};

/// All that was found out about a request: plain values that outlive it. Texts are fixed words, some of them in the models.
struct signal_findings {
  std::array<bool, signal_count> known{};          ///< was it computed?
  std::array<nanoseconds, signal_count> took{};
  domain_finding domain;
  complexity_finding complexity;
  format_finding format;
  pii_finding pii;
  jailbreak_finding jailbreak;
  harmful_finding harmful;
  token_finding tokens;
  language_finding language;
  clarity_finding clarity;
  float code_share = 0;
  std::size_t dimensions = 0;                      ///< of the vector
  int turns = 0, tools = 0, images = 0;

  [[nodiscard]] bool knows(signal which) const noexcept { return known[static_cast<std::size_t>(which)]; }
};

}  // namespace switchyard::routing

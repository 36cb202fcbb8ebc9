// What is known of one request: each signal computed when it is first asked for, once, and never again.
#pragma once

#include "base/clock.hpp"
#include "routing/signals/findings.hpp"
#include "routing/signals/prompt.hpp"
#include "routing/signals/signal_models.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace switchyard::routing {

struct text_facts;
struct passages;

/// A signal's value as rules compare it.
using signal_value = std::variant<double, std::string_view>;

/// One a request, on one thread. The models and what the prompt points to outlive it. Pure: without a clock no time is read.
class understanding {
 public:
  using clock = steady_time (*)();

  understanding(const signal_models& models, const prompt& asked, clock now = nullptr);
  understanding(const understanding&) = delete;
  understanding& operator=(const understanding&) = delete;
  ~understanding();

  /// The query's unit vector (models.embedding().dimensions() floats; zeros for a query without words).
  [[nodiscard]] std::span<const float> vector();
  [[nodiscard]] const domain_finding& domain();
  [[nodiscard]] const complexity_finding& complexity();
  [[nodiscard]] const format_finding& format();
  [[nodiscard]] const pii_finding& pii();
  [[nodiscard]] const jailbreak_finding& jailbreak();
  [[nodiscard]] const harmful_finding& harmful();
  /// Input and output together; input alone (value(signal::input_tokens)) needs no other signal.
  [[nodiscard]] const token_finding& tokens();
  [[nodiscard]] const language_finding& language();
  [[nodiscard]] const clarity_finding& clarity();
  /// The share of the query that is source code, 0..1.
  [[nodiscard]] float code_share();
  [[nodiscard]] int turns() const noexcept { return static_cast<int>(asked_.turns.size()); }
  [[nodiscard]] int tools() const noexcept { return asked_.tools; }
  [[nodiscard]] int images() const noexcept { return asked_.images; }

  /// For rules: the number or the word. `vector` has none of its own (0), `clarity` is "clear" or "ambiguous".
  [[nodiscard]] signal_value value(signal which);
  /// How sure, 0..1; 1 for what is counted.
  [[nodiscard]] float confidence(signal which);

  /// A copy of what was computed so far, for whoever tells of it later.
  [[nodiscard]] signal_findings findings() const;

  /// The text that counts as the query (prompt.hpp).
  [[nodiscard]] std::string_view query();
  [[nodiscard]] const prompt& asked() const noexcept { return asked_; }

  /// Was it computed?
  [[nodiscard]] bool knows(signal which) const noexcept { return known_[static_cast<std::size_t>(which)]; }
  /// Time of computing it, other signals it needed not counted; 0 without a clock or when not asked for.
  [[nodiscard]] nanoseconds took(signal which) const noexcept { return took_[static_cast<std::size_t>(which)]; }

 private:
  template <class Work>
  void once(signal which, const Work& work);
  [[nodiscard]] const text_facts& facts();
  [[nodiscard]] std::int64_t input_tokens();
  template <class Judge>
  void judge_turns(const Judge& judge);

  const signal_models& models_;
  prompt asked_;
  clock now_;
  nanoseconds inner_{0};                 // spent in signals that the one being computed needed
  std::array<bool, signal_count> known_{};
  std::array<nanoseconds, signal_count> took_{};

  bool has_query_ = false;
  std::string_view query_;
  std::string query_storage_;
  std::unique_ptr<text_facts> facts_;
  bool cut_ = false;
  std::vector<std::pair<std::size_t, std::unique_ptr<passages>>> judged_;   // a turn's place and its passages, shared by both safety signals
  std::vector<float> vector_;
  domain_finding domain_;
  complexity_finding complexity_;
  format_finding format_;
  pii_finding pii_;
  jailbreak_finding jailbreak_;
  harmful_finding harmful_;
  token_finding tokens_;
  language_finding language_;
  clarity_finding clarity_;
  float code_share_ = 0;
};

}  // namespace switchyard::routing

#include "routing/signals/reasoning.hpp"

#include "routing/signals/phrase_table.hpp"

#include <algorithm>
#include <vector>

namespace switchyard::routing {

namespace {

struct list {
  reasoning_kind kind;
  std::string_view phrases;      // separated by ", "
};

constexpr list lists[] = {
    {reasoning_kind::proof,
     "prove, proof, derive, derivation, show that, demonstrate that, theorem, lemma, justify, rigorous, rigorously, by induction, contradiction, "
     "verify that, disprove, deduce, infer, necessary and sufficient, if and only if"},
    {reasoning_kind::steps,
     "step by step, steps, first, then, finally, after that, next, and then, followed by, stages, phases, workflow, plan, roadmap, "
     "in order to, before, afterwards, secondly, thirdly, in addition, as well as, multiple, several, for each, iteratively"},
    {reasoning_kind::analysis,
     "compare, contrast, comparison, versus, vs, analyze, analyse, analysis, evaluate, assess, critique, trade offs, tradeoffs, trade off, "
     "pros and cons, advantages, disadvantages, implications, implication, consequences, why, how does, explain why, discuss, argue, interpret, "
     "examine, investigate, to what extent, relationship between, difference between, differences between, impact of, effect of, root cause, "
     "critically, perspective, strategy, reconcile, hypothesis, explain how, explain, describe how, how do, how are, mechanism, reasons for"},
    {reasoning_kind::design,
     "design, architecture, architect, implement, implementation, optimize, optimise, optimization, refactor, debug, algorithm, complexity, "
     "scalable, concurrent, distributed, thread safe, efficient, efficiently, build a, develop a, data structure, schema, integrate, migration, "
     "function, class, recursion, recursively, recursive, dynamic programming, edge cases, unit tests, api, regex, query, parser, compiler"},
    {reasoning_kind::calculation,
     "calculate, compute, how many, how much, solve, determine, find the, total, percent, percentage, ratio, average, sum, difference, times, twice, "
     "half, each, per, remaining, left, cost, costs, price, profit, distance, speed, rate, area, volume, estimate, equation, equals, convert"},
    {reasoning_kind::condition,
     "if, unless, given that, suppose, assume, assuming, provided that, at least, at most, exactly, must, constraint, constraints, subject to, "
     "without using, only if, such that, where, whether, except, otherwise, requirements, satisfy, conditions, not, all of the following, except"},
    {reasoning_kind::lookup,
     "who is, who was, who wrote, who invented, who discovered, when was, when did, when is, where is, where was, what is the capital, capital of, "
     "what year, which year, define, definition of, meaning of, what does, synonym, spell, name the, what is, what are, population of, how old, "
     "how tall, what color, what time, translate, set an alarm, set a timer, set a reminder, remind me, play, turn on, turn off, weather, what day"},
    {reasoning_kind::smalltalk,
     "hi, hello, hey, thanks, thank you, good morning, good evening, how are you, bye, goodbye, ok, okay, yes, no, please, lol, nice, cool, "
     "who are you, tell me a joke, what's up, sorry, great"},
    {reasoning_kind::units,
     "kg, g, mg, km, m, cm, mm, nm, ft, lb, lbm, mol, moles, molar, atm, psi, psia, kpa, pa, j, kj, btu, w, kw, v, volts, amps, ohm, ohms, hz, ghz, "
     "mhz, k, c, f, ev, n, s, min, hours, minutes, seconds, hr, mph, rpm, gpm, degrees, joules, watts, newtons, kelvin, celsius, meters, kilometers"},
    {reasoning_kind::mathematics,
     "integral, derivative, matrix, vector, probability, polynomial, function f, differential, eigenvalue, limit, variance, distribution, mean, "
     "standard deviation, logarithm, log, sin, cos, tan, prime, modulo, factor, graph, set, group, ring, field, isomorphic, real numbers, integer, "
     "integers, triangle, circle, angle, coefficient, convex, linear, quadratic, random variable, expected value, frac, sqrt, sum, theta, pi, alpha"},
};

phrase_table made() {
  std::vector<phrase> all;
  for (const auto& one : lists)
    for (auto rest = one.phrases; !rest.empty();) {
      const auto end = std::min(rest.find(", "), rest.size());
      all.push_back({rest.substr(0, end), static_cast<std::uint8_t>(one.kind)});
      rest.remove_prefix(std::min(end + 2, rest.size()));
    }
  return phrase_table(all);
}

}  // namespace

std::array<std::size_t, reasoning_count> reasoning_in(std::span<const word> words) {
  static const phrase_table table = made();
  std::array<std::size_t, reasoning_count> counts{};
  table.find(words, [&](const phrase_match& match) { ++counts[match.tag]; });
  return counts;
}

}  // namespace switchyard::routing

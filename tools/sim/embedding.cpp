#include "tools/sim/embedding.hpp"

#include "tools/sim/prose.hpp"
#include "tools/sim/tokens.hpp"

#include <cmath>

namespace switchyard::sim {

// The sum of one random direction per token, drawn from the token's hash, scaled to length 1.
std::vector<float> embed_text(std::string_view model, std::string_view text, std::size_t dimensions) {
  std::vector<double> sum(dimensions, 0.0);
  const auto add = [&](std::string_view token, double weight) {
    random_source random(hash_text(token, hash_text(model)));
    for (double& x : sum) x += weight * (random.uniform() - 0.5);
  };
  for (const std::string_view token : split_tokens(text)) add(token.starts_with(' ') ? token.substr(1) : token, 1.0);
  add(text, 0.1);   // the order of the words counts a little
  double length = 0;
  for (double x : sum) length += x * x;
  length = std::sqrt(length);
  std::vector<float> unit;
  unit.reserve(dimensions);
  for (double x : sum) unit.push_back(static_cast<float>(x / length));
  return unit;
}

}  // namespace switchyard::sim

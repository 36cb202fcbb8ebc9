// What distinguishes the simulated models: speed, ability, length of their answers.
#pragma once

#include "base/clock.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::sim {

struct model_profile {
  std::string id;
  milliseconds first_token{0};     ///< request read -> first token
  double tokens_per_second = 0;    ///< 0: as fast as the socket takes them
  double ability = 0.85;           ///< 0..1: share of prompts answered without hedging
  int sentences = 3;               ///< length of an answer when the request does not say
  double input_price = 0.5;        ///< USD per million tokens, shown by GET /sim/models only
  double output_price = 1.5;
};

/// small, medium and large; timing zero.
[[nodiscard]] std::vector<model_profile> default_models();

/// Known models by id; any other name gets the profile of `medium` (or of the first) under its own name.
class model_list {
 public:
  model_list();
  explicit model_list(std::vector<model_profile> models) : models_(std::move(models)) {}
  [[nodiscard]] model_profile find(std::string_view id) const;
  [[nodiscard]] bool knows(std::string_view id) const noexcept;
  [[nodiscard]] const std::vector<model_profile>& all() const noexcept { return models_; }

 private:
  std::vector<model_profile> models_;
};

}  // namespace switchyard::sim

#include "tools/sim/model_profile.hpp"

#include <algorithm>

namespace switchyard::sim {

std::vector<model_profile> default_models() {
  return {
      {.id = "small", .ability = 0.6, .sentences = 2, .input_price = 0.1, .output_price = 0.4},
      {.id = "medium", .ability = 0.85, .sentences = 3, .input_price = 0.5, .output_price = 1.5},
      {.id = "large", .ability = 0.97, .sentences = 5, .input_price = 2.5, .output_price = 10},
  };
}

model_list::model_list() : models_(default_models()) {}

bool model_list::knows(std::string_view id) const noexcept {
  return std::any_of(models_.begin(), models_.end(), [&](const model_profile& m) { return m.id == id; });
}

model_profile model_list::find(std::string_view id) const {
  const model_profile* stand_in = models_.empty() ? nullptr : &models_.front();
  for (const model_profile& m : models_) {
    if (m.id == id) return m;
    if (m.id == "medium") stand_in = &m;
  }
  model_profile made = stand_in ? *stand_in : model_profile{};
  made.id = id;
  return made;
}

}  // namespace switchyard::sim

// From what a request names to the route that decides and the model it asks for: the request path and `explain` plan alike.
#pragma once

#include "routing/selection.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::routing {

/// What a request says of where it wants to go. Views outlive the call.
struct route_wish {
  std::string_view model;
  std::optional<std::string_view> route;         ///< forced by x-switchyard-route: it decides over the model
  std::span<const std::string> fallbacks;        ///< "provider/model" each
  std::string_view region;                       ///< "": the node's; lives as long as the plan
  const providers::input_estimate* input = nullptr;   ///< nullptr: nothing to read; lives as long as the plan
  std::int64_t output_tokens = 0;
};

struct route_plan {
  selection_request wanted;
  std::optional<target> filler;                  ///< the model named beside a forced route: it counts where the route's stages name no target
};

/// unknown_model (404) names the field: a route, a model or a fallback that is not there.
[[nodiscard]] result<route_plan> plan_route(const yard& in, const route_wish& wish);

}  // namespace switchyard::routing

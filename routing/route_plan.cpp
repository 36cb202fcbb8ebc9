#include "routing/route_plan.hpp"

namespace switchyard::routing {

result<route_plan> plan_route(const yard& in, const route_wish& wish) {
  route_plan out;
  auto resolved = in.resolve(wish.model);
  if (wish.route) {
    out.wanted.route = in.find_route(*wish.route);
    if (!out.wanted.route) return client_error(error_code::unknown_model, "x-switchyard-route: no such route", "x-switchyard-route");
    if (resolved) out.filler = resolved->asked;
  } else {
    if (!resolved) return std::move(resolved.failure());
    out.wanted.route = std::move(resolved->route);
    out.wanted.asked = std::move(resolved->asked);
  }
  for (const auto& name : wish.fallbacks) {
    auto found = in.find_target(name);
    if (!found) {
      found.failure().param = "fallbacks";
      return std::move(found.failure());
    }
    out.wanted.fallbacks.push_back(std::move(*found));
  }
  out.wanted.region = wish.region.empty() ? std::string_view(in.region) : wish.region;
  out.wanted.input = wish.input;
  out.wanted.output_tokens = wish.output_tokens;
  return out;
}

}  // namespace switchyard::routing

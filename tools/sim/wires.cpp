#include "tools/sim/openai.hpp"
#include "tools/sim/reply.hpp"

#include <array>

namespace switchyard::sim {
namespace {

std::array<std::span<const wire_route>, 1> all_wires() { return {openai_routes()}; }

bool matches(const wire_route& route, std::string_view path) noexcept {
  if (route.path.ends_with('/')) return path.size() > route.path.size() && path.starts_with(route.path);
  return route.path == path;
}

}  // namespace

const wire_route* find_route(std::string_view method, std::string_view path) noexcept {
  for (const std::span<const wire_route> wire : all_wires()) {
    for (const wire_route& route : wire) {
      if (route.method == method && matches(route, path)) return &route;
    }
  }
  return nullptr;
}

bool knows_path(std::string_view path) noexcept {
  for (const std::span<const wire_route> wire : all_wires()) {
    for (const wire_route& route : wire) {
      if (matches(route, path)) return true;
    }
  }
  return false;
}

}  // namespace switchyard::sim

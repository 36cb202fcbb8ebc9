#include "routing/stages/cache.hpp"

#include <array>
#include <cstdio>

namespace switchyard::routing::stages {

namespace {

constexpr std::string_view kind_name = "cache";

class cache_stage final : public stage {
 public:
  explicit cache_stage(const config::cache_stage_config& config) : stage(kind_name, std::string(kind_name)), config_(config) {}

  verdict decide(decision_context& context) const override { return say("asked", context.explain ? reason() : std::string()); }

  [[nodiscard]] const config::cache_stage_config& told() const noexcept { return config_; }

 private:
  [[nodiscard]] std::string reason() const {
    std::array<char, 96> text;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(config_.ttl).count();
    const int length = config_.semantic ? std::snprintf(text.data(), text.size(), "the same request, or one at least %.3f alike, of the last %lld s", config_.threshold, static_cast<long long>(seconds))
                                        : std::snprintf(text.data(), text.size(), "the same request, of the last %lld s", static_cast<long long>(seconds));
    return {text.data(), static_cast<std::size_t>(length)};
  }

  config::cache_stage_config config_;
};

}  // namespace

result<std::shared_ptr<const stage>> make_cache(const config::cache_stage_config& config, provider_list) {
  return std::shared_ptr<const stage>(std::make_shared<cache_stage>(config));
}

const config::cache_stage_config* cache_of(const route_entry& route) noexcept {
  for (const auto& one : route.stages)
    if (one->kind() == kind_name) return &static_cast<const cache_stage&>(*one).told();
  return nullptr;
}

}  // namespace switchyard::routing::stages

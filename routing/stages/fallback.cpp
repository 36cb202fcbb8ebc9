#include "routing/stages/fallback.hpp"

namespace switchyard::routing::stages {

namespace {

class fallback_stage final : public stage {
 public:
  explicit fallback_stage(std::vector<target> targets) : stage("fallback", "fallback"), targets_(std::move(targets)) {}

  verdict decide(decision_context& context) const override {
    // Appended even when the client brought its own list, which replaces ours: a route without targets starts with our first one.
    if (!targets_.empty()) context.made.fallbacks.push_back(targets_);
    const bool replaced = !context.request.fallbacks.empty();
    return say(replaced ? "replaced" : "appended", context.explain ? reason(context) : std::string());
  }

 private:
  [[nodiscard]] std::string reason(const decision_context& context) const {
    std::string text = context.request.fallbacks.empty() ? "then " : "the client's own list: ";
    const std::span<const target> list = context.request.fallbacks.empty() ? std::span<const target>(targets_) : context.request.fallbacks;
    for (std::size_t i = 0; i < list.size(); ++i) text += (i == 0 ? "" : ", ") + list[i].name();
    return text;
  }

  std::vector<target> targets_;
};

}  // namespace

result<std::shared_ptr<const stage>> make_fallback(const config::fallback_stage_config& config, provider_list providers) {
  std::vector<target> targets;
  for (const auto& wanted : config.targets) {
    auto found = find_target(providers, wanted);
    if (!found) return found.failure();
    targets.push_back(std::move(*found));
  }
  return std::shared_ptr<const stage>(std::make_shared<fallback_stage>(std::move(targets)));
}

}  // namespace switchyard::routing::stages

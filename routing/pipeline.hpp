// From configuration to compiled providers, stages and routes, and running a route's stages on a request.
#pragma once

#include "routing/model_shelf.hpp"
#include "routing/stage.hpp"
#include "routing/yard.hpp"

#include <memory>
#include <span>
#include <vector>

namespace switchyard::routing {

/// A provider and its keys, ready to publish. `states`: one per key of `config`, in its order (kept over reloads by whoever owns them).
[[nodiscard]] std::shared_ptr<const provider_entry> compile_provider(const config::provider_config& config,
                                                                     std::span<const std::shared_ptr<key_state>> states);

/// Compiles one stage; an error names a target that no provider serves, or says which model cannot be loaded. `models` null: stages that
/// look at the prompt do not compile.
[[nodiscard]] result<std::shared_ptr<const stage>> make_stage(const config::stage_config& config, provider_list providers,
                                                              model_shelf* models = nullptr);

/// "balance" for a balance stage's config, without compiling it.
[[nodiscard]] std::string_view kind_of(const config::stage_config& config) noexcept;

/// Joins compiled stages, in order, into a route. `providers`: for the baseline's price.
[[nodiscard]] std::shared_ptr<const route_entry> compile_route(const config::route_config& config,
                                                               std::vector<std::shared_ptr<const stage>> stages, provider_list providers = {});
/// The route of requests that name a model when none called `direct` is configured: weighted over the model's keys.
[[nodiscard]] std::shared_ptr<const route_entry> default_direct_route();

/// Asks every stage in order, until one refuses. `verdicts` null: reasons are not wanted (the request path).
[[nodiscard]] decision run_stages(const route_entry& route, const stage_request& request, std::vector<verdict>* verdicts = nullptr,
                                  stage_times* times = nullptr);

}  // namespace switchyard::routing

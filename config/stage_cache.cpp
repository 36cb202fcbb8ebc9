// cache: {threshold: 0.95, ttl: 1h, scope: virtual_key}
#include "config/sections.hpp"
#include "config/stage_kinds.hpp"

namespace switchyard::config {

namespace {

void check_cache(const config&, const cache_stage_config& stage, const stage_place& place, reading& run) {
  if (stage.max_wrong_rate && !stage.semantic) run.report(place.path + ".max_wrong_rate", place.at, "has no meaning with semantic: false: the same request is never wrong");
}

}  // namespace

stage_kind_ptr cache_kind() {
  const auto scopes = std::make_shared<choice<cache_scope>>(std::vector<std::pair<std::string_view, cache_scope>>{
      {"virtual_key", cache_scope::virtual_key}, {"route", cache_scope::route}, {"global", cache_scope::global}});
  const auto table = std::make_shared<section<cache_stage_config>>(std::vector<field<cache_stage_config>>{
      {"threshold", &cache_stage_config::threshold, number(0, 1, lower_bound::excluded), "Similarity from which a stored answer to a like prompt may be given."},
      {"ttl", &cache_stage_config::ttl, duration(), "How long an answer may be given again."},
      {"scope", &cache_stage_config::scope, scopes, "Who may be given an answer: the virtual key that asked for it, whoever uses the route, or everybody."},
      {"semantic", &cache_stage_config::semantic, boolean(), "false: only requests that are the same."},
      {"max_wrong_rate", &cache_stage_config::max_wrong_rate, optional_number(0.0001, 1), "Keep wrong semantic hits under this share, by comparing some with fresh answers; nothing is given before it is shown."},
      {"verify_share", &cache_stage_config::verify_share, number(0.001, 1), "Share of semantic hits that are compared with a fresh answer when max_wrong_rate is set."},
  });
  return make_stage_kind<cache_stage_config>("cache", "Gives stored answers to requests that are the same, or alike.", table, check_cache);
}

}  // namespace switchyard::config

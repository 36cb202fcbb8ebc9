// What the stages of a route are told of a request, and what comes of their decision.

#include "actors/request_life.hpp"

#include "routing/pipeline.hpp"

#include <algorithm>

namespace switchyard::actors {

namespace {

constexpr std::size_t longest_kept_prompt = 2u << 10;

}  // namespace

/// Points into `tags`, the plan and the request. The first call reads the prompt, if a stage of the route looks at it.
routing::stage_request request_life::stage_facts(tag_list& tags) {
  const auto& route = *planned_.wanted.route;
  auto asked = routing::as_stage_request(planned_.wanted);
  const auto add = [&tags](const std::map<std::string, std::string>& all) {
    for (const auto& [name, value] : all) tags.push_back({name, value});
  };
  if (tags_)
    add(*tags_);
  else if (virtual_key_ != nullptr)
    add(virtual_key_->config.tags);
  asked.tags = {tags.data(), tags.size()};
  if (route.models) {
    if (!understood_) understood_ = std::make_unique<routing::understood_request>(route.models, request_);
    asked.known = &understood_->known;
    asked.user = understood_->prompt.user();
  }
  if (asked.user.empty() && virtual_key_ != nullptr) asked.user = virtual_key_->config.name;
  asked.provided = provided_.get();
  return asked;
}

std::optional<error> request_life::decide() {
  tag_list tags;
  const auto asked = stage_facts(tags);
  auto& [wanted, filler] = planned_;
  const auto& route = *wanted.route;
  routing::stage_times times{&steady_now, {}, route.models != nullptr, {}};
  auto made = routing::run_stages(route, asked, nullptr, &times);
  record_.stage_times = std::move(times.took);
  verdicts_ = std::move(times.words);
  record_.findings = made.findings;
  if (made.targets.empty() && filler) wanted.asked = std::move(filler);
  if (!made.refusal)
    if (auto problem = refuse_target(wanted, made)) return problem;
  if (!made.refusal && made.masked_kinds != 0)
    if (auto problem = mask_texts(made.masked_kinds)) return problem;
  selection_.emplace(std::move(wanted), std::move(made), here_.memory_of(route.name), here_.random);
  return std::nullopt;
}

/// A virtual key's rules hold for what stages choose, too. Nobody is asked instead: a route that sends a key's requests to a model that the
/// key may not use is set up wrongly, and quietly taking another model would hide that.
std::optional<error> request_life::refuse_target(const routing::selection_request& wanted, const routing::decision& made) const {
  if (virtual_key_ == nullptr || !virtual_key_->restricts_models()) return std::nullopt;
  const auto refused = [&](const routing::target& where, std::string_view by) {
    return client_error(error_code::model_not_allowed,
                        "this key may not use model '" + where.name() + "', to which " +
                            (by.empty() ? std::string() : "the stage '" + std::string(by) + "' of ") + "route '" + wanted.route->name + "' leads",
                        "model");
  };
  const auto forbidden = [&](const routing::target& where) { return !virtual_key_->allows_model(where.name()); };
  if (wanted.asked && forbidden(*wanted.asked)) return refused(*wanted.asked, {});
  if (!wanted.asked)
    for (const auto& where : made.targets)
      if (forbidden(where)) return refused(where, made.named_by);
  if (wanted.fallbacks.empty())
    for (const auto& list : made.fallbacks)
      for (const auto& where : list)
        if (forbidden(where)) return refused(where, "fallback");
  return std::nullopt;
}

/// From here on the request is its masked self, for every provider that is tried.
std::optional<error> request_life::mask_texts(std::uint32_t kinds) {
  const auto wanted = [&](const routing::pii_span& span) { return (kinds & (1u << static_cast<unsigned>(span.kind))) != 0; };
  const auto& spans = understood_->known.pii().spans;
  if (understood_->prompt.is_whole() && std::none_of(spans.begin(), spans.end(), wanted)) return std::nullopt;
  auto mask = std::make_unique<request_mask>();
  if (!mask->write(*understood_->models, request_, kinds)) return std::nullopt;
  const providers::operation_target where{request_.operation, request_.model_value.empty() ? request_.model : std::string(), request_.stream,
                                          request_.as_array};
  auto masked = ingress_.parse(where, mask->body());
  if (!masked) return internal_error("the masked request cannot be read: " + masked.failure().message);
  request_ = std::move(*masked);
  mask_ = std::move(mask);
  return std::nullopt;
}

/// Null: there is nothing to put back.
std::unique_ptr<providers::stream_restorer> request_life::open_restorer() const {
  if (!mask_) return nullptr;
  using shape = providers::stream_restorer::shape;
  const auto stream = request_.operation == providers::api::converse ? shape::frames : request_.as_array ? shape::array : shape::events;
  return std::make_unique<providers::stream_restorer>(mask_->book(), stream);
}

/// For the decision log: signals that were computed, and each stage's word.
void request_life::note_details() {
  if (understood_) {
    auto details = std::make_shared<request_details>();
    details->models = understood_->models;
    details->signals = understood_->known.findings();
    const auto& stages = record_.route->stages;
    for (std::size_t i = 0; i < verdicts_.size() && i < record_.stage_times.size() && i < stages.size(); ++i)
      details->stages.push_back({stages[i]->kind(), verdicts_[i], record_.stage_times[i]});
    details->guard = record_.findings;
    details->vectors = record_.embedding;
    record_.details = std::move(details);
  }
  if (!here_.limits.keep_prompts.load(std::memory_order_relaxed) || request_.body.empty()) return;
  std::optional<routing::request_prompt> read;
  if (!understood_) read.emplace(request_);
  const auto& asked = understood_ ? understood_->prompt.asked() : read->asked();
  std::string storage, sampled;
  record_.prompt = routing::head_and_tail(routing::query_text(asked.turns, storage), longest_kept_prompt, sampled);
}

}  // namespace switchyard::actors

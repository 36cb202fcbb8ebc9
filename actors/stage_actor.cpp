#include "actors/stage_actor.hpp"

namespace switchyard::actors {

namespace {

std::string name_of(const stage_actor_state& state) {
  return "stage " + state.route + "/" + std::to_string(state.place) + "-" + std::string(state.kind);
}

stage_compiled compile(stage_actor_state& state, const compile_stage& wanted) {
  auto made = routing::make_stage(wanted.stage, wanted.base->providers, state.models.get());
  if (!made) {
    state.problem = made.failure().message;
    return {nullptr, state.problem};
  }
  state.problem.clear();
  state.compiled = *made;
  return {state.compiled, {}};
}

std::string text_of(const stage_actor_state& state) {
  if (!state.problem.empty()) return "refused: " + state.problem;
  return state.compiled ? "compiled" : "waiting for a config";
}

}  // namespace

stage_handle::behavior_type stage_actor(stage_handle::stateful_pointer<stage_actor_state> self, std::string route,
                                        std::size_t place, std::string_view kind, std::shared_ptr<routing::model_shelf> models) {
  self->state.route = std::move(route);
  self->state.place = place;
  self->state.kind = kind;
  self->state.models = std::move(models);
  fail_loudly(self, name_of(self->state));
  return {
      [self](const status_request&) {
        return actor_line{name_of(self->state), "stage", text_of(self->state), mailbox_depth(self)};
      },
      [self](const compile_stage& wanted) { return compile(self->state, wanted); },
  };
}

}  // namespace switchyard::actors

#include "actors/route_actor.hpp"

#include <caf/typed_response_promise.hpp>

namespace switchyard::actors {

namespace {

using self_pointer = route_handle::stateful_pointer<route_actor_state>;
using promise = caf::typed_response_promise<route_compiled>;

constexpr auto stage_timeout = seconds(5);

/// One compilation under way: stages answer in any order.
struct assembly {
  config::route_config route;
  std::vector<std::shared_ptr<const routing::stage>> stages;
  std::size_t missing = 0;
  promise done;
  std::shared_ptr<const routing::yard> base;

  void finish(self_pointer self, std::string problem) {
    if (!done.pending()) return;
    self->state.problem = problem;
    if (problem.empty()) {
      self->state.compiled = routing::compile_route(route, stages, base->providers);
      done.deliver(route_compiled{self->state.compiled, {}});
    } else {
      done.deliver(route_compiled{nullptr, "route " + route.name + ": " + problem});
    }
  }
};

caf::result<route_compiled> compile(self_pointer self, const compile_route& wanted) {
  auto work = std::make_shared<assembly>();
  work->route = wanted.route;
  work->base = wanted.base;
  work->missing = wanted.stages.size();
  work->stages.resize(wanted.stages.size());
  work->done = self->make_response_promise<promise>();
  auto answer = work->done;
  if (work->missing == 0) work->finish(self, {});
  for (std::size_t i = 0; i < wanted.stages.size(); ++i) {
    self->request(wanted.stages[i], stage_timeout, compile_stage{wanted.route.stages[i], wanted.base})
        .then(
            [self, work, i](const stage_compiled& made) {
              work->stages[i] = made.stage;
              if (!made.stage)
                work->finish(self, made.problem);
              else if (--work->missing == 0)
                work->finish(self, {});
            },
            [self, work](caf::error&) { work->finish(self, "a stage's actor did not answer"); });
  }
  return answer;
}

std::string text_of(const route_actor_state& state) {
  if (!state.problem.empty()) return "refused: " + state.problem;
  if (!state.compiled) return "waiting for a config";
  return std::to_string(state.compiled->stages.size()) + " stages, " + std::to_string(state.compiled->targets.size()) + " targets, " +
         std::to_string(state.compiled->fallbacks.size()) + " fallbacks";
}

}  // namespace

route_handle::behavior_type route_actor(self_pointer self, std::string name) {
  fail_loudly(self, "route " + name);
  self->state.name = std::move(name);
  return {
      [self](const status_request&) {
        return actor_line{"route " + self->state.name, "route", text_of(self->state), mailbox_depth(self)};
      },
      [self](const compile_route& wanted) { return compile(self, wanted); },
  };
}

}  // namespace switchyard::actors
